/// Reads a template.
struct TemplateParser {
    private enum Piece { case text(String), action(String) }

    private var pieces: [Piece] = []
    private var place = 0
    private let problem: GoTemplate.Failure?

    init(_ text: String) {
        var rest = Substring(text), problem: GoTemplate.Failure?
        var trims = false
        while let open = rest.range(of: "{{") {
            var before = String(rest[..<open.lowerBound])
            rest = rest[open.upperBound...]
            guard let close = Self.end(of: rest) else {
                problem = GoTemplate.Failure(reason: "unclosed action")
                break
            }
            var action = rest[..<close]
            rest = rest[rest.index(close, offsetBy: 2)...]
            if trims { before = String(before.drop(while: \.isWhitespace)) }
            if action.hasPrefix("- ") {
                before = String(before.reversed().drop(while: \.isWhitespace).reversed())
                action = action.dropFirst(2)
            }
            trims = action.hasSuffix(" -")
            if trims { action = action.dropLast(2) }
            if !before.isEmpty { pieces.append(.text(before)) }
            pieces.append(.action(String(action)))
        }
        if trims { rest = rest.drop(while: \.isWhitespace) }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.problem = problem
    }

    /// Where "}}" is, outside of strings.
    private static func end(of text: Substring) -> Substring.Index? {
        var quote: Character?
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            if let open = quote {
                if character == "\\" && open == "\"" { index = text.index(after: index) } else if character == open { quote = nil }
            } else if character == "\"" || character == "`" {
                quote = character
            } else if text[index...].hasPrefix("}}") {
                return index
            }
            guard index < text.endIndex else { return nil }
            index = text.index(after: index)
        }
        return nil
    }

    mutating func document() throws(GoTemplate.Failure) -> [TemplateNode] {
        if let problem { throw problem }
        let (nodes, end) = try block()
        if let end { throw GoTemplate.Failure(reason: "unexpected {{\(end)}}") }
        return nodes
    }

    /// Up to "end" or "else …", which is handed back.
    private mutating func block() throws(GoTemplate.Failure) -> ([TemplateNode], String?) {
        var nodes: [TemplateNode] = []
        while place < pieces.count {
            let piece = pieces[place]
            place += 1
            guard case .action(let raw) = piece else {
                if case .text(let text) = piece { nodes.append(.text(text)) }
                continue
            }
            let action = trimmed(raw)
            if action.hasPrefix("/*") { continue }
            let word = String(action.prefix { !$0.isWhitespace })
            let rest = trimmed(String(action.dropFirst(word.count)))
            switch word {
            case "end", "else": return (nodes, action)
            case "if": nodes.append(try condition(rest))
            case "range": nodes.append(try range(rest))
            case "with": nodes.append(try with(rest))
            default: nodes.append(try statement(action))
            }
        }
        return (nodes, nil)
    }

    private mutating func branches() throws(GoTemplate.Failure) -> (body: [TemplateNode], otherwise: [TemplateNode], elseIf: String?) {
        let (body, end) = try block()
        guard let end else { throw GoTemplate.Failure(reason: "unexpected EOF: {{end}} is missing") }
        if end == "end" { return (body, [], nil) }
        let rest = trimmed(String(end.dropFirst(4)))
        if rest.hasPrefix("if ") { return (body, [], trimmed(String(rest.dropFirst(3)))) }
        let (otherwise, last) = try block()
        guard last == "end" else { throw GoTemplate.Failure(reason: "unexpected EOF: {{end}} is missing") }
        return (body, otherwise, nil)
    }

    private mutating func condition(_ text: String) throws(GoTemplate.Failure) -> TemplateNode {
        var cases: [(TemplateExpression, [TemplateNode])] = [], next: String? = text, otherwise: [TemplateNode] = []
        while let test = next {
            let expression = try ExpressionParser.parse(test)
            let (body, rest, elseIf) = try branches()
            cases.append((expression, body))
            otherwise = rest
            next = elseIf
        }
        return .condition(cases, otherwise: otherwise)
    }

    private mutating func range(_ text: String) throws(GoTemplate.Failure) -> TemplateNode {
        var names: [String] = [], source = text
        if let sign = text.range(of: ":=") {
            names = text[..<sign.lowerBound].split(separator: ",").map { String(trimmed(String($0)).dropFirst()) }
            source = trimmed(String(text[sign.upperBound...]))
        }
        let expression = try ExpressionParser.parse(source)
        let (body, otherwise, _) = try branches()
        return .range(expression, key: names.count > 1 ? names[0] : nil, value: names.last, body, otherwise: otherwise)
    }

    private mutating func with(_ text: String) throws(GoTemplate.Failure) -> TemplateNode {
        let expression = try ExpressionParser.parse(text)
        let (body, otherwise, _) = try branches()
        return .with(expression, body, otherwise: otherwise)
    }

    private func statement(_ action: String) throws(GoTemplate.Failure) -> TemplateNode {
        if action.hasPrefix("$"), let sign = action.range(of: ":=") ?? action.range(of: " = ") {
            let name = trimmed(String(action[action.index(after: action.startIndex)..<sign.lowerBound]))
            return .assign(name, try ExpressionParser.parse(trimmed(String(action[sign.upperBound...]))))
        }
        return .output(try ExpressionParser.parse(action))
    }

    private func trimmed(_ text: String) -> String { String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}

extension StringProtocol {
    /// The first place of `other`.
    fileprivate func range(of other: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(other) { return index..<self.index(index, offsetBy: other.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
