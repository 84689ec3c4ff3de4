/// Which drivers get processes of their own.
public struct DriverIsolation: Sendable {
    /// The executable `gantry-driver-host`; nil: there is none, and every driver is loaded here.
    public var program: String?
    /// "storage/overlayfs": drivers that are loaded into the engine itself.
    public var trusted: Set<String>
    /// Says it for a driver, whatever its trust.
    public var chosen: [String: Bool]

    public init(program: String? = nil, trusted: Set<String> = [], chosen: [String: Bool] = [:]) {
        self.program = program
        self.trusted = trusted
        self.chosen = chosen
    }

    func host(_ kind: DriverKind, _ name: String) -> String? {
        let driver = "\(kind)/\(name)"
        return chosen[driver] ?? !trusted.contains(driver) ? program : nil
    }
}
