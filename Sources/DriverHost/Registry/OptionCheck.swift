import DriverKit
import EngineErrors

/// Names and types of options, before a driver sees them.
enum OptionCheck {
    /// - Parameter unknown: the sentence for a name that is not declared.
    static func check(
        _ options: [String: String], _ declared: [DriverOption], of subject: String, unknown: (String) -> String
    ) throws(EngineError) {
        for (name, value) in options.sorted(by: { $0.key < $1.key }) {
            guard let option = declared.first(where: { $0.name == name }) else {
                let known = declared.isEmpty ? "it has no options" : "it knows \(declared.map(\.name).sorted().joined(separator: ", "))"
                throw EngineError(.invalidArgument, "\(unknown(name)) (\(known))")
            }
            if let wanted = objection(value, option.kind) {
                throw EngineError(.invalidArgument, "invalid value \"\(value)\" for option \"\(name)\" of \(subject): \(wanted) is wanted")
            }
        }
    }

    /// What is wanted instead; nil: the value is fine.
    private static func objection(_ value: String, _ kind: DriverOption.Kind) -> String? {
        switch kind {
        case .string: nil
        case .integer: Int64(value) == nil ? "an integer" : nil
        case .boolean: booleans.contains(value) ? nil : "true or false"
        // -1: no limit.
        case .size: value == "-1" || SizeText.bytes(value) != nil ? nil : "a size such as 512k, 10m or 1g"
        case .duration: isDuration(value) ? nil : "a duration such as 500ms, 10s or 1m30s"
        }
    }

    private static let booleans: Set = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"]

    private static func isDuration(_ value: String) -> Bool {
        if value == "0" { return true }
        var rest = value[...]
        var count = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            guard Double(number) != nil, let unit = ["ns", "us", "µs", "ms", "s", "m", "h"].first(where: { rest.hasPrefix($0) }) else { return false }
            rest = rest.dropFirst(unit.count)
            count += 1
        }
        return count > 0
    }
}
