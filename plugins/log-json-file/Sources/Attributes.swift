import DriverKit
import LogKit

/// Facts of the container that go into each record, chosen by the options `labels`, `env` and `tag`.
enum Attributes {
    /// `"attrs":{…},` or nothing.
    static func encoded(_ context: OpenContext) throws(DriverError) -> [UInt8] {
        var values = try LogAttributes.chosen(context)
        if let tag = context.options["tag"], !tag.isEmpty { values["tag"] = try LogTag.expand(tag, context) }
        return values.isEmpty ? [] : encode(values)
    }

    private static func encode(_ values: [String: String]) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 1024)
        append("\"attrs\":{", buffer)
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
