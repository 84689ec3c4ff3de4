/// The command line, read.
struct Arguments {
    struct Problem: Error { var text: String }

    var settings = Settings()
    /// The driver's file, then an actor's arguments.
    var words: [String] = []
    var wantsHelp = false

    init(_ arguments: [String]) throws(Problem) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else {
                words.append(word)
                // What follows is an actor's own.
                if settings.actor != nil {
                    words += rest
                    return
                }
                continue
            }
            let (name, attached) = Self.split(word)
            func value() throws(Problem) -> String {
                if let attached { return attached }
                if let next = rest.popFirst() { return next }
                throw Problem(text: "flag needs an argument: \(name)")
            }
            switch name {
            case "--json": settings.isJSON = true
            case "--list": settings.lists = true
            case "--help", "-h": wantsHelp = true
            case "--describe": settings.describes = true
            case "--time": settings.times = true
            case "--option", "-o": try Self.add(value(), to: &settings.options, name)
            case "--object-option": try Self.add(value(), to: &settings.objectOptions, name)
            case "--only": settings.only.append(try value())
            case "--state": settings.place = try value()
            case "--check": settings.check = try value()
            case "--act": settings.actor = try value()
            case "--folder": settings.folder = try value()
            case "--seed": settings.seed = UInt64(try value())
            default: throw Problem(text: "unknown flag: \(name)")
            }
        }
    }

    private static func split(_ word: String) -> (String, String?) {
        guard word.hasPrefix("--"), let sign = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<sign]), String(word[word.index(after: sign)...]))
    }

    private static func add(_ pair: String, to list: inout [String: String], _ flag: String) throws(Problem) {
        guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else { throw Problem(text: "\(flag) \(pair): KEY=VALUE is wanted") }
        list[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
    }
}
