import Glibc
import NIOCore
import NIOHTTP1

/// A status line and header fields as bytes.
enum ResponseHead {
    /// `fields` win over `common` ones of the same name.
    static func write(_ status: HTTPResponseStatus, _ fields: HTTPHeaders, common: HTTPHeaders, to buffer: inout ByteBuffer) {
        buffer.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
        for (name, value) in common where !fields.contains(name: name) { write(name, value, to: &buffer) }
        write("Date", date(time(nil)), to: &buffer)
        for (name, value) in fields { write(name, value, to: &buffer) }
        buffer.writeStaticString("\r\n")
    }

    /// A line break in a value would start a header field of somebody else's choice: it becomes a space.
    private static func write(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        if value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) {
            buffer.writeBytes(value.utf8.map { $0 < 0x20 ? 0x20 : $0 })
        } else {
            buffer.writeString(value)
        }
        buffer.writeStaticString("\r\n")
    }

    /// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). `seconds` since 1970.
    static func date(_ seconds: time_t) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][Int(parts.tm_mon)]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        return "\(day), \(twoDigits(parts.tm_mday)) \(month) \(parts.tm_year + 1900) \(clock) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
