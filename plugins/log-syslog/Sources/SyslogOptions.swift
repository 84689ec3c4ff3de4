import DriverKit
import Glibc

/// What the options of one log mean. Names and values are Docker's.
struct SyslogOptions {
    static let declared = [
        DriverOption("syslog-address", .string, "Server: unix:///path, unixgram:///path, udp://host:port or tcp://host:port; empty: the host's own /dev/log"),
        DriverOption("syslog-facility", .string, default: "daemon", "Facility, by name or number"),
        DriverOption("syslog-format", .string, "rfc5424, rfc5424micro (with microseconds) or rfc3164; empty: the form of a local server"),
        DriverOption("tag", .string, default: "{{.ID}}", "Template of the messages' tag"),
    ]

    enum Format: String {
        case local = ""
        case rfc3164, rfc5424, rfc5424micro
    }

    enum Address: Equatable {
        case stream(path: String)
        case datagram(path: String)
        case udp(host: String, port: String)
        case tcp(host: String, port: String)
    }

    var address = Address.datagram(path: "/dev/log")
    /// 0 to 23.
    var facility = 3
    var format = Format.local
    var tag: String

    init(_ context: OpenContext) throws(DriverError) {
        let options = context.options
        if let text = options["syslog-address"], !text.isEmpty { address = try Self.address(text) }
        if let text = options["syslog-facility"], !text.isEmpty { facility = try Self.facility(text) }
        if let text = options["syslog-format"] {
            guard let known = Format(rawValue: text) else { throw Self.invalid("Invalid syslog format: \(text); there are rfc5424, rfc5424micro, rfc3164") }
            format = known
        }
        let template = options["tag"] ?? ""
        tag = try LogTag.expand(template.isEmpty ? "{{.ID}}" : template, context)
    }

    private static func address(_ text: String) throws(DriverError) -> Address {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[1].hasPrefix("//") else { throw invalid("syslog-address should be in form proto://address, got \(text)") }
        let rest = String(parts[1].dropFirst(2))
        switch parts[0] {
        case "unix", "unixgram":
            guard rest.hasPrefix("/"), rest.utf8.count < 108 else { throw invalid("syslog-address \(text): an absolute path of less than 108 bytes is wanted") }
            return parts[0] == "unix" ? .stream(path: rest) : .datagram(path: rest)
        case "udp", "tcp":
            let (host, port) = try hostAndPort(rest)
            return parts[0] == "udp" ? .udp(host: host, port: port) : .tcp(host: host, port: port)
        case "tcp+tls": throw invalid("syslog-address \(text): TLS is not supported; use tcp:// to a relay on this host")
        default: throw invalid("unsupported scheme: '\(parts[0])'; there are unix, unixgram, udp, tcp")
        }
    }

    /// "host:port", "[::1]:514" or a host alone.
    private static func hostAndPort(_ text: String) throws(DriverError) -> (String, String) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            return (String(text[text.index(after: text.startIndex)..<end]), rest.hasPrefix(":") ? String(rest.dropFirst()) : "514")
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts[0].isEmpty, parts.count == 1 || UInt16(parts[1]) != nil else { throw invalid("syslog-address: '\(text)' is no host:port") }
        return (parts[0], parts.count == 2 ? parts[1] : "514")
    }

    private static func facility(_ text: String) throws(DriverError) -> Int {
        let names = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "", "", "", "", "local0", "local1", "local2", "local3", "local4",
            "local5", "local6", "local7",
        ]
        if let number = names.firstIndex(of: text) { return number }
        guard let number = Int(text), (0...23).contains(number) else { throw invalid("invalid syslog facility: \(text)") }
        return number
    }

    private static func invalid(_ message: String) -> DriverError { DriverError(EINVAL, message) }
}
