/// Evaluates a template: its variables and the functions it may call.
struct TemplateScope {
    let root: JSONValue
    private var variables: [String: JSONValue] = [:]

    init(root: JSONValue) { self.root = root }

    mutating func render(_ nodes: [TemplateNode], _ dot: JSONValue) throws(GoTemplate.Failure) -> String {
        var out = ""
        for node in nodes {
            switch node {
            case .text(let text): out += text
            case .output(let expression): out += Self.print(try value(expression, dot))
            case .assign(let name, let expression): variables[name] = try value(expression, dot)
            case .condition(let cases, let otherwise): out += try condition(cases, otherwise, dot)
            case .range(let source, let key, let name, let body, let otherwise):
                out += try range(try value(source, dot), key, name, body, otherwise, dot)
            case .with(let expression, let body, let otherwise):
                let inner = try value(expression, dot)
                out += Self.isTrue(inner) ? try render(body, inner) : try render(otherwise, dot)
            }
        }
        return out
    }

    private mutating func condition(_ cases: [(TemplateExpression, [TemplateNode])], _ otherwise: [TemplateNode], _ dot: JSONValue) throws(GoTemplate.Failure) -> String {
        for (test, body) in cases where Self.isTrue(try value(test, dot)) { return try render(body, dot) }
        return try render(otherwise, dot)
    }

    private mutating func range(_ source: JSONValue, _ key: String?, _ name: String?, _ body: [TemplateNode], _ otherwise: [TemplateNode], _ dot: JSONValue) throws(GoTemplate.Failure) -> String {
        let items: [(JSONValue, JSONValue)]
        switch source {
        case .array(let elements): items = elements.enumerated().map { (.integer(Int64($0.offset)), $0.element) }
        // Go goes through maps in the order of their keys.
        case .object(let members): items = members.sorted { $0.key < $1.key }.map { (.string($0.key), $0.value) }
        case .null: items = []
        default: throw GoTemplate.Failure(reason: "range can't iterate over \(Self.print(source))")
        }
        guard !items.isEmpty else { return try render(otherwise, dot) }
        var out = ""
        for (index, item) in items {
            if let key { variables[key] = index }
            if let name { variables[name] = item }
            out += try render(body, item)
        }
        return out
    }

    private func value(_ expression: TemplateExpression, _ dot: JSONValue) throws(GoTemplate.Failure) -> JSONValue {
        switch expression {
        case .literal(let value): return value
        case .path(let fields): return try Self.follow(dot, fields)
        case .variable(let name, let fields):
            guard let base = name.isEmpty ? root : variables[name] else { throw GoTemplate.Failure(reason: "undefined variable \"$\(name)\"") }
            return try Self.follow(base, fields)
        case .field(let inner, let fields): return try Self.follow(try value(inner, dot), fields)
        case .call(let name, let arguments): return try call(name, arguments, [], dot)
        case .pipeline(let stages):
            var result = try value(stages[0], dot)
            for stage in stages.dropFirst() {
                guard case .call(let name, let arguments) = stage else { throw GoTemplate.Failure(reason: "non executable command in pipeline") }
                result = try call(name, arguments, [result], dot)
            }
            return result
        }
    }

    private static func follow(_ value: JSONValue, _ fields: [String]) throws(GoTemplate.Failure) -> JSONValue {
        var result = value
        for field in fields {
            switch result {
            case .object(let members):
                guard let member = members.last(where: { $0.key == field }) else {
                    throw GoTemplate.Failure(reason: "map has no entry for key \"\(field)\"")
                }
                result = member.value
            case .null: return .null
            default: throw GoTemplate.Failure(reason: "can't evaluate field \(field)")
            }
        }
        return result
    }

    private func call(_ name: String, _ expressions: [TemplateExpression], _ piped: [JSONValue], _ dot: JSONValue) throws(GoTemplate.Failure) -> JSONValue {
        var arguments: [JSONValue] = []
        for expression in expressions { arguments.append(try value(expression, dot)) }
        arguments += piped
        guard let result = try TemplateFunctions.call(name, arguments) else { throw GoTemplate.Failure(reason: "function \"\(name)\" not defined") }
        return result
    }

    static func isTrue(_ value: JSONValue) -> Bool {
        switch value {
        case .null: false
        case .bool(let flag): flag
        case .integer(let number): number != 0
        case .number(let number): number != 0
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// As Go prints values.
    static func print(_ value: JSONValue) -> String {
        switch value {
        case .null: "<no value>"
        case .string(let text): text
        case .array(let elements): "[\(elements.map(print).joined(separator: " "))]"
        case .object(let members): "map[\(members.sorted { $0.key < $1.key }.map { "\($0.key):\(print($0.value))" }.joined(separator: " "))]"
        default: value.text
        }
    }
}

enum TemplateFunctions {
    /// nil: there is no such function.
    static func call(_ name: String, _ arguments: [JSONValue]) throws(GoTemplate.Failure) -> JSONValue? {
        func needs(_ count: Int) throws(GoTemplate.Failure) {
            if arguments.count < count { throw GoTemplate.Failure(reason: "wrong number of args for \(name): want \(count) got \(arguments.count)") }
        }
        switch name {
        case "json":
            try needs(1)
            return .string(arguments[0].text)
        case "print", "println":
            return .string(arguments.map(TemplateScope.print).joined(separator: " ") + (name == "println" ? "\n" : ""))
        case "printf":
            try needs(1)
            return .string(format(arguments[0].string, Array(arguments.dropFirst())))
        case "len":
            try needs(1)
            return .integer(Int64(count(arguments[0])))
        case "index":
            try needs(1)
            return index(arguments)
        case "join":
            try needs(2)
            return .string(arguments[0].array.map(TemplateScope.print).joined(separator: arguments[1].string))
        case "split":
            try needs(2)
            return split(arguments[0].string, arguments[1].string)
        case "upper":
            try needs(1)
            return .string(arguments[0].string.uppercased())
        case "lower":
            try needs(1)
            return .string(arguments[0].string.lowercased())
        case "title":
            try needs(1)
            return .string(arguments[0].string.prefix(1).uppercased() + arguments[0].string.dropFirst())
        case "truncate":
            try needs(2)
            return .string(String(arguments[0].string.prefix(Int(arguments[1].integer))))
        case "pad":
            try needs(3)
            return .string(String(repeating: " ", count: Int(arguments[1].integer)) + arguments[0].string + String(repeating: " ", count: Int(arguments[2].integer)))
        case "slice":
            try needs(1)
            return slice(arguments)
        case "not":
            try needs(1)
            return .bool(!TemplateScope.isTrue(arguments[0]))
        case "and": return arguments.first { !TemplateScope.isTrue($0) } ?? arguments.last
        case "or": return arguments.first(where: TemplateScope.isTrue) ?? arguments.last
        case "eq":
            try needs(2)
            return .bool(arguments.dropFirst().contains(arguments[0]))
        case "ne":
            try needs(2)
            return .bool(arguments[0] != arguments[1])
        case "lt", "le", "gt", "ge":
            try needs(2)
            return .bool(compare(name, arguments[0], arguments[1]))
        default: return nil
        }
    }

    private static func count(_ value: JSONValue) -> Int {
        switch value {
        case .array(let elements): elements.count
        case .object(let members): members.count
        default: value.string.utf8.count
        }
    }

    private static func index(_ arguments: [JSONValue]) -> JSONValue {
        arguments.dropFirst().reduce(arguments[0]) { value, key in
            if case .string(let name) = key { value[name] } else { value[Int(key.integer)] }
        }
    }

    private static func split(_ text: String, _ separator: String) -> JSONValue {
        guard let first = separator.first else { return .array(text.map { .string(String($0)) }) }
        return .array(text.split(separator: first, omittingEmptySubsequences: false).map { .string(String($0)) })
    }

    private static func slice(_ arguments: [JSONValue]) -> JSONValue {
        let from = arguments.count > 1 ? Int(arguments[1].integer) : 0, to = arguments.count > 2 ? Int(arguments[2].integer) : Int.max
        if case .string(let text) = arguments[0] { return .string(String(text.prefix(to).dropFirst(from))) }
        return .array(Array(arguments[0].array.prefix(to).dropFirst(from)))
    }

    private static func compare(_ name: String, _ a: JSONValue, _ b: JSONValue) -> Bool {
        let order: Int64
        if case .string(let left) = a { order = left < b.string ? -1 : left == b.string ? 0 : 1 } else { order = (a.integer - b.integer).signum() }
        return switch name {
        case "lt": order < 0
        case "le": order <= 0
        case "gt": order > 0
        default: order >= 0
        }
    }

    /// %s, %d, %v, %q and %%.
    private static func format(_ text: String, _ arguments: [JSONValue]) -> String {
        var out = "", rest = arguments[...], escaped = false
        for character in text {
            guard escaped else {
                if character == "%" { escaped = true } else { out.append(character) }
                continue
            }
            switch character {
            case "%": out.append("%")
            case "q": out += rest.popFirst().map { JSONValue.string(TemplateScope.print($0)).text } ?? "%!q(MISSING)"
            default: out += rest.popFirst().map(TemplateScope.print) ?? "%!\(character)(MISSING)"
            }
            escaped = false
        }
        return out
    }
}
