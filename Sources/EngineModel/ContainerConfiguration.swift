/// What a user asked for, fixed at creation. Docker's `Config`.
public struct ContainerConfiguration: Codable, Sendable, Equatable {
    /// As the user wrote it.
    public var image = ""
    /// nil: the image's; empty: none.
    public var entrypoint: [String]?
    public var command: [String]?
    /// "NAME=value".
    public var environment: [String] = []
    public var workingDirectory = ""
    /// "user[:group]", names or numbers.
    public var user = ""
    public var hostname = ""
    public var domainName = ""
    public var labels: [String: String] = [:]
    public var tty = false
    public var openStdin = false
    public var stdinOnce = false
    public var attachStdin = false
    public var attachStdout = false
    public var attachStderr = false
    public var exposedPorts: [ContainerPort] = []
    /// Paths that get an anonymous volume.
    public var volumes: [String] = []
    public var stopSignal: String?
    /// Seconds.
    public var stopTimeout: Int?
    /// Kept for `inspect`; not run yet.
    public var healthcheck: Healthcheck?
    public var macAddress: String?
    public init() {}
}

public struct Healthcheck: Codable, Sendable, Equatable {
    public var test: [String]
    /// ns.
    public var interval, timeout, startPeriod: Int64
    public var retries: Int
    public init(test: [String] = [], interval: Int64 = 0, timeout: Int64 = 0, startPeriod: Int64 = 0, retries: Int = 0) {
        self.test = test
        self.interval = interval
        self.timeout = timeout
        self.startPeriod = startPeriod
        self.retries = retries
    }
}

/// "80/tcp".
public struct ContainerPort: Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    public enum Transport: String, Codable, Sendable { case tcp, udp, sctp }
    public var number: UInt16
    public var transport: Transport
    public init(_ number: UInt16, _ transport: Transport = .tcp) {
        self.number = number
        self.transport = transport
    }
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = UInt16(parts[0]), number > 0,
            let transport = Transport(rawValue: parts.count > 1 ? String(parts[1]) : "tcp")
        else { return nil }
        self.init(number, transport)
    }
    public var description: String { "\(number)/\(transport.rawValue)" }
    public static func < (a: Self, b: Self) -> Bool { (a.number, a.transport.rawValue) < (b.number, b.transport.rawValue) }
}
