import DriverKit
import Glibc

/// Bytes of one message, ended by a newline as Docker's are. RFC 3164, RFC 5424.
struct SyslogMessage {
    private let options: SyslogOptions
    private let host: String
    private let process = getpid()

    init(_ options: SyslogOptions) {
        self.options = options
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func encoded(_ line: LogLine) -> [UInt8] {
        // Severity 3 is an error, 6 information.
        let priority = options.facility * 8 + (line.isStderr ? 3 : 6), tag = options.tag
        let head =
            switch options.format {
            case .local: "<\(priority)>\(stamp(line.time)) \(tag)[\(process)]: "
            case .rfc3164: "<\(priority)>\(stamp(line.time)) \(host) \(tag)[\(process)]: "
            case .rfc5424: "<\(priority)>1 \(date(line.time))Z \(host) \(tag) \(process) \(tag) - "
            case .rfc5424micro: "<\(priority)>1 \(date(line.time)).\(Self.digits(line.time / 1000 % 1_000_000, 6))Z \(host) \(tag) \(process) \(tag) - "
            }
        return Array(head.utf8) + line.bytes + [0x0a]
    }

    /// "Jan  2 15:04:05", local time.
    private func stamp(_ time: Int64) -> String {
        var seconds = time_t(time / 1_000_000_000), parts = tm()
        localtime_r(&seconds, &parts)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = parts.tm_mday < 10 ? " \(parts.tm_mday)" : "\(parts.tm_mday)"
        return "\(months[Int(parts.tm_mon)]) \(day) \(clock(parts))"
    }

    /// "2024-01-02T15:04:05", UTC.
    private func date(_ time: Int64) -> String {
        var seconds = time_t(time / 1_000_000_000), parts = tm()
        gmtime_r(&seconds, &parts)
        return "\(parts.tm_year + 1900)-\(Self.digits(Int64(parts.tm_mon) + 1, 2))-\(Self.digits(Int64(parts.tm_mday), 2))T\(clock(parts))"
    }

    private func clock(_ parts: tm) -> String {
        [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Self.digits(Int64($0), 2) }.joined(separator: ":")
    }

    private static func digits(_ value: Int64, _ count: Int) -> String {
        let text = "\(value)"
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
