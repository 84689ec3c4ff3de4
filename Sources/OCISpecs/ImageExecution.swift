/// How containers of an image start: the `config` of an image configuration.
public struct Execution: Codable, Sendable, Equatable {
    /// A member of a set that JSON writes as an object: `{"80/tcp": {}}`.
    public struct Member: Codable, Sendable, Equatable { public init() {} }

    public struct Check: Codable, Sendable, Equatable {
        public var test: [String]?
        /// ns.
        public var interval, timeout, startPeriod: Int64?
        public var retries: Int?
        enum CodingKeys: String, CodingKey {
            case test = "Test", interval = "Interval", timeout = "Timeout", startPeriod = "StartPeriod", retries = "Retries"
        }
        public init() {}
    }

    public var user, workingDirectory, stopSignal: String?
    public var exposedPorts, volumes: [String: Member]?
    public var environment, entrypoint, command, onBuild: [String]?
    public var labels: [String: String]?
    public var healthcheck: Check?

    enum CodingKeys: String, CodingKey {
        case user = "User", workingDirectory = "WorkingDir", stopSignal = "StopSignal", exposedPorts = "ExposedPorts"
        case volumes = "Volumes", environment = "Env", entrypoint = "Entrypoint", command = "Cmd", onBuild = "OnBuild"
        case labels = "Labels", healthcheck = "Healthcheck"
    }
    public init() {}
}
