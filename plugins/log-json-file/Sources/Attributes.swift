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
        if let tag = context.options["tag"], !tag.isEmpty { values["tag"] = try expand(tag, context) }
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

    /// Docker's tag template: the fields that Docker documents, and nothing else of Go's language.
    private static func expand(_ template: String, _ context: OpenContext) throws(DriverError) -> String {
        let image = context.labels["\(prefix)image.id"] ?? ""
        let fields = [
            ".ID": String(context.name.prefix(12)), ".FullID": context.name, ".Name": context.labels["\(prefix)container.name"] ?? "",
            ".ImageID": String(withoutAlgorithm(image).prefix(12)), ".ImageFullID": image,
            ".ImageName": context.labels["\(prefix)image.name"] ?? "", ".DaemonName": "gantry",
        ]
        var result = "", rest = Substring(template)
        while let (before, field, after) = nextField(rest) {
            guard let value = fields[field] else {
                throw DriverError(EINVAL, "log opt tag: the field {{\(field)}} is unknown; there are \(fields.keys.sorted().joined(separator: ", "))")
            }
            result += before + value
            rest = after
        }
        return result + rest
    }

    private static func nextField(_ text: Substring) -> (String, String, Substring)? {
        guard let open = find("{{", text), let close = find("}}", text[open...]) else { return nil }
        let inside = text[text.index(open, offsetBy: 2)..<close]
        return (String(text[..<open]), inside.filter { $0 != " " }, text[text.index(close, offsetBy: 2)...])
    }

    private static func find(_ pair: String, _ text: Substring) -> Substring.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(pair) { return index }
            index = text.index(after: index)
        }
        return nil
    }

    private static func withoutAlgorithm(_ digest: String) -> Substring {
        digest.firstIndex(of: ":").map { digest[digest.index(after: $0)...] } ?? digest[...]
    }
}
