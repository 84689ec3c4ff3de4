public import DriverKit

/// A driver as the registry sees it.
public struct DriverStatus: Sendable {
    public enum State: Sendable, Equatable {
        /// Its file exists; nothing was loaded yet.
        case found
        case loaded
        /// Why it could not be loaded or opened the last time.
        case failed(String)
        /// A call hangs in it.
        case wedged
    }
    public var kind: DriverKind
    public var name: String
    /// Empty for one that was only found, outside of a version's folder.
    public var version: String
    public var path: String
    public var state: State
    public var isDefault: Bool
    public var summary: String
    /// Their names, "concurrent" first.
    public var capabilities: [String]
    public var options, objectOptions: [DriverOption]
    /// Since the daemon started.
    public var calls, errors: Int
    /// ns spent in the driver.
    public var time: Int64
}

extension DriverCapabilities {
    /// The names that `driver.json` and people use.
    public func names(of kind: DriverKind) -> [String] {
        let known: [(Self, String)] =
            switch kind {
            case .storage: [(.concurrent, "concurrent"), (.overlayUpper, "overlayUpper")]
            case .network:
                [
                    (.concurrent, "concurrent"), (.hostNamespace, "hostNamespace"), (.ports, "ports"), (.addresses, "addresses"),
                    (.singleton, "singleton"),
                ]
            case .log: [(.concurrent, "concurrent"), (.read, "read")]
            case .volume: [(.concurrent, "concurrent")]
            }
        return known.filter { contains($0.0) }.map(\.1)
    }
}
