import Glibc

/// A tag template as Docker's log drivers take it: `{{.Name}}/{{.ID}}`.
public enum LogTag {
    /// The engine gives a container's own labels as they are, and its facts under this prefix.
    private static let prefix = "gantry."

    /// The fields that Docker documents, and nothing else of Go's language.
    ///
    /// - Throws: `DriverError` (EINVAL) that names an unknown field and those that exist.
    public static func expand(_ template: String, _ context: OpenContext) throws(DriverError) -> String {
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
