/// "-e" and "--env-file".
enum Environment {
    /// Files first, so that `-e` wins. A name alone takes its value from the caller's environment, or is left out.
    static func variables(files: [String], given: [String], lookup: (String) -> String? = environmentVariable) throws(Refusal) -> [String] {
        var out: [String] = []
        for file in files {
            for line in try TextFile.lines(file) {
                let name = line.prefix { $0 != "=" }
                if name.isEmpty { throw Refusal("no variable name on line '\(line)'") }
                if name.contains(where: { $0 == " " || $0 == "\t" }) { throw Refusal("variable '\(name)' contains whitespaces") }
                if line.contains("=") { out.append(line) } else if let value = lookup(line) { out.append("\(line)=\(value)") }
            }
        }
        for text in given {
            if text.hasPrefix("=") || text.isEmpty { throw Refusal("invalid environment variable: \(text)") }
            if text.contains("=") {
                out.append(text)
            } else if let value = lookup(text) {
                out.append("\(text)=\(value)")
            } else {
                // A name alone takes the image's variable away.
                out.append(text)
            }
        }
        return out
    }
}
