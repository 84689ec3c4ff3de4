/// Reads what stands between {{ and }}.
struct ExpressionParser {
    private enum Token: Equatable { case open, close, pipe, literal(JSONValue), path([String]), variable(String, [String]), name(String), fields([String]) }

    private var tokens: [Token] = []
    private var place = 0

    static func parse(_ text: String) throws(GoTemplate.Failure) -> TemplateExpression {
        var parser = ExpressionParser()
        try parser.scan(Array(text))
        guard !parser.tokens.isEmpty else { throw GoTemplate.Failure(reason: "missing value for command") }
        let expression = try parser.pipeline()
        guard parser.place == parser.tokens.count else { throw GoTemplate.Failure(reason: "unexpected \")\" in \"\(text)\"") }
        return expression
    }

    private mutating func pipeline() throws(GoTemplate.Failure) -> TemplateExpression {
        var stages = [try command()]
        while place < tokens.count, tokens[place] == .pipe {
            place += 1
            stages.append(try command())
        }
        return stages.count == 1 ? stages[0] : .pipeline(stages)
    }

    private mutating func command() throws(GoTemplate.Failure) -> TemplateExpression {
        guard place < tokens.count else { throw GoTemplate.Failure(reason: "missing value for command") }
        guard case .name(let name) = tokens[place] else { return try operand() }
        place += 1
        var arguments: [TemplateExpression] = []
        while place < tokens.count, tokens[place] != .close, tokens[place] != .pipe { arguments.append(try operand()) }
        return .call(name, arguments)
    }

    private mutating func operand() throws(GoTemplate.Failure) -> TemplateExpression {
        let token = tokens[place]
        place += 1
        switch token {
        case .literal(let value): return .literal(value)
        case .path(let fields): return .path(fields)
        case .variable(let name, let fields): return .variable(name, fields)
        case .name(let name): return .call(name, [])
        case .open:
            let inner = try pipeline()
            guard place < tokens.count, tokens[place] == .close else { throw GoTemplate.Failure(reason: "unclosed left paren") }
            place += 1
            guard place < tokens.count, case .fields(let fields) = tokens[place] else { return inner }
            place += 1
            return .field(inner, fields)
        case .close, .pipe, .fields: throw GoTemplate.Failure(reason: "unexpected token in operand")
        }
    }

    // MARK: tokens

    private mutating func scan(_ text: [Character]) throws(GoTemplate.Failure) {
        var index = 0
        while index < text.count {
            let character = text[index]
            switch character {
            case " ", "\t", "\n": index += 1
            case "(": add(.open, &index)
            case ")":
                add(.close, &index)
                if index < text.count, text[index] == "." { tokens.append(.fields(path(text, &index))) }
            case "|": add(.pipe, &index)
            case "\"", "`": tokens.append(.literal(.string(try string(text, &index))))
            case ".": tokens.append(.path(path(text, &index)))
            case "$":
                index += 1
                let name = word(text, &index)
                tokens.append(.variable(name, index < text.count && text[index] == "." ? path(text, &index) : []))
            default: try other(text, &index)
            }
        }
    }

    private mutating func add(_ token: Token, _ index: inout Int) {
        tokens.append(token)
        index += 1
    }

    private mutating func other(_ text: [Character], _ index: inout Int) throws(GoTemplate.Failure) {
        let start = index
        if text[index] == "-" { index += 1 }
        let found = word(text, &index)
        let whole = String(text[start..<index])
        if let number = Int64(whole) { return tokens.append(.literal(.integer(number))) }
        switch found {
        case "true": tokens.append(.literal(true))
        case "false": tokens.append(.literal(false))
        case "nil": tokens.append(.literal(nil))
        case "": throw GoTemplate.Failure(reason: "unexpected \"\(text[start])\" in operand")
        default: tokens.append(.name(found))
        }
    }

    private func word(_ text: [Character], _ index: inout Int) -> String {
        let start = index
        while index < text.count, text[index].isLetter || text[index].isNumber || text[index] == "_" { index += 1 }
        return String(text[start..<index])
    }

    /// ".A.B" or "." alone.
    private func path(_ text: [Character], _ index: inout Int) -> [String] {
        var fields: [String] = []
        while index < text.count, text[index] == "." {
            index += 1
            let name = word(text, &index)
            if !name.isEmpty { fields.append(name) }
        }
        return fields
    }

    private func string(_ text: [Character], _ index: inout Int) throws(GoTemplate.Failure) -> String {
        let quote = text[index]
        var out = ""
        index += 1
        while index < text.count, text[index] != quote {
            if text[index] == "\\", quote == "\"", index + 1 < text.count {
                index += 1
                out.append(["n": "\n", "t": "\t", "r": "\r"][text[index]] ?? text[index])
            } else {
                out.append(text[index])
            }
            index += 1
        }
        guard index < text.count else { throw GoTemplate.Failure(reason: "unterminated quoted string") }
        index += 1
        return out
    }
}
