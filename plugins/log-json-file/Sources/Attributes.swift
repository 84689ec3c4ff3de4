import DriverKit
import Glibc

/// Facts of the container that go into each record, chosen by the options `labels`, `env` and `tag`.
enum Attributes {
    /// The engine gives the container's labels as they are, and its own facts under this prefix.
    private static let prefix = "gantry."

    /// `"attrs":{…},` or nothing.
    static func encoded(_ context: OpenContext) throws(DriverError) -> [UInt8] {
        var values: [String: String] = [:]
        for name in names(context.options["labels"]) {
            if let value = context.labels[name] { values[name] = value }
        }
        for name in names(context.options["env"]) {
            if let value = context.labels["\(prefix)env.\(name)"] { values[name] = value }
        }
        if let tag = context.options["tag"], !tag.isEmpty { values["tag"] = try LogTag.expand(tag, context) }
        return values.isEmpty ? [] : encode(values)
    }

    private static func names(_ list: String?) -> [String] { (list ?? "").split(separator: ",").map(String.init) }

    private static func encode(_ values: [String: String]) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 1024)
        buffer.append("\"attrs\":{")
        for (index, pair) in values.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { append(",", buffer) }
            append("\"", buffer)
            append(text: pair.key, buffer)
            append("\":\"", buffer)
            append(text: pair.value, buffer)
            append("\"", buffer)
        }
        append("},", buffer)
        return Array(buffer.bytes)
    }

    private static func append(_ text: StaticString, _ buffer: ByteBuffer) {
        buffer.reserve(text.utf8CodeUnitCount)
        buffer.append(text)
    }

    private static func append(text: String, _ buffer: ByteBuffer) {
        var copy = text
        copy.withUTF8 {
            buffer.reserve($0.count * JSONText.expansion)
            JSONText.append($0, to: buffer)
        }
    }
}
