/// Reads flags as Docker's command line does (the rules of pflag).
struct FlagParser {
    let flags: [Flag]
    /// False: the first word that is no flag ends the flags, as for `run`.
    let allowsFlagsAfterWords: Bool

    struct Result: Sendable {
        var values = FlagValues()
        var words: [String] = []
        var wantsHelp = false
    }

    /// - Throws: `Refusal` with pflag's sentence.
    func parse(_ arguments: some Collection<String>) throws(Refusal) -> Result {
        var result = Result()
        var rest = Array(arguments)[...]
        while let word = rest.popFirst() {
            if word == "--" {
                result.words += rest
                break
            } else if word.hasPrefix("--") {
                try long(word, &rest, &result)
            } else if word.hasPrefix("-"), word.count > 1 {
                try short(word, &rest, &result)
            } else {
                result.words.append(word)
                guard allowsFlagsAfterWords else {
                    result.words += rest
                    break
                }
            }
        }
        return result
    }

    private func long(_ word: String, _ rest: inout ArraySlice<String>, _ result: inout Result) throws(Refusal) {
        let body = word.dropFirst(2)
        let name = String(body.prefix { $0 != "=" })
        guard !name.isEmpty, name.first != "-" else { throw Refusal("bad flag syntax: \(word)") }
        if name == "help", !flags.contains(where: { $0.long == "help" }) {
            result.wantsHelp = true
            return
        }
        guard let flag = flags.first(where: { $0.long == name }) else { throw Refusal("unknown flag: --\(name)") }
        if body.count > name.count {
            try set(flag, String(body.dropFirst(name.count + 1)), &result)
        } else if flag.kind == .bool {
            try set(flag, "true", &result)
        } else if let value = rest.popFirst() {
            try set(flag, value, &result)
        } else {
            throw Refusal("flag needs an argument: --\(name)")
        }
    }

    /// "-it", "-p8080:80", "-p=8080:80", "-e A=b".
    private func short(_ word: String, _ rest: inout ArraySlice<String>, _ result: inout Result) throws(Refusal) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let flag = flags.first(where: { $0.short == letter }) else {
                if letter == "h" {
                    result.wantsHelp = true
                    return
                }
                throw Refusal("unknown shorthand flag: '\(letter)' in \(word)")
            }
            if letters.first == "=" {
                return try set(flag, String(letters.dropFirst()), &result)
            } else if flag.kind == .bool {
                try set(flag, "true", &result)
            } else if !letters.isEmpty {
                return try set(flag, String(letters), &result)
            } else if let value = rest.popFirst() {
                return try set(flag, value, &result)
            } else {
                throw Refusal("flag needs an argument: '\(letter)' in \(word)")
            }
        }
    }

    private func set(_ flag: Flag, _ value: String, _ result: inout Result) throws(Refusal) {
        if let reason = Self.problem(flag.kind, value) {
            throw Refusal("invalid argument \"\(value)\" for \"\(flag.name)\" flag: \(reason)")
        }
        result.values.add(flag.alias ?? flag.long, value, replaces: flag.kind != .list)
    }

    private static func problem(_ kind: Flag.Kind, _ value: String) -> String? {
        switch kind {
        case .text, .list: return nil
        case .bool:
            guard FlagValues.truth(value) == nil else { return nil }
            return "strconv.ParseBool: parsing \"\(value)\": invalid syntax"
        case .integer:
            return Int64(value) == nil ? "strconv.ParseInt: parsing \"\(value)\": invalid syntax" : nil
        case .size:
            return Sizes.bytes(value) == nil ? "invalid size: '\(value)'" : nil
        case .decimal:
            guard Decimals.nano(value) == nil else { return nil }
            return Double(value) == nil ? "failed to parse \(value) as a rational number" : "value is too precise"
        }
    }
}
