import EngineWire

/// Templates of `--format`, with the messages that Docker's users know.
enum Template {
    static func parse(_ text: String) throws(Refusal) -> GoTemplate {
        do {
            return try GoTemplate(unescaped(text))
        } catch {
            throw Refusal(error.description)
        }
    }

    static func render(_ template: GoTemplate, _ value: JSONValue) throws(Refusal) -> String {
        do {
            return try template.render(value)
        } catch {
            throw Refusal(error.description)
        }
    }

    /// A shell gives "\t" as two characters.
    private static func unescaped(_ text: String) -> String {
        var out = ""
        var characters = text[...]
        while let character = characters.popFirst() {
            guard character == "\\", let next = characters.first, next == "t" || next == "n" else {
                out.append(character)
                continue
            }
            characters.removeFirst()
            out.append(next == "t" ? "\t" : "\n")
        }
        return out
    }
}
