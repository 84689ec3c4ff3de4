/// The four kinds of driver.
public enum DriverKind: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case storage = 1, network, log, volume

    public var description: String {
        switch self {
        case .storage: "storage"
        case .network: "network"
        case .log: "log"
        case .volume: "volume"
        }
    }
}
