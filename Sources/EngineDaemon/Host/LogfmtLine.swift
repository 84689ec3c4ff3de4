import CLinux
import Glibc
import Logging

/// One line, with its newline.
enum LogfmtLine {
    static func text(_ time: timespec, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var line = "time=\"\(timestamp(time))\" level=\(Levels.name(level)) msg=\(quoted(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            line += " \(key)=" + (isPlain(text) ? text : quoted(text))
        }
        return line + "\n"
    }

    /// RFC 3339 with nanoseconds, in UTC.
    static func timestamp(_ time: timespec) -> String {
        var seconds = time.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(padded(time.tv_nsec, 9))Z"
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
    }

    private static func quoted(_ text: String) -> String { QuotedText.of(text, escape: "\\x") }
}
