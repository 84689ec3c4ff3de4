import EngineErrors
import EngineModel
import OCISpecs

/// Changes of an image's configuration in the words of a Dockerfile: `CMD ["sh"]`, `ENV A=b`.
enum ImageChanges {
    static func apply(_ changes: [String], to execution: inout Execution) throws(EngineError) {
        for line in changes.flatMap({ $0.split(whereSeparator: \.isNewline) }) {
            let text = line.trimmed
            if text.isEmpty || text.hasPrefix("#") { continue }
            let word = text.prefix { !$0.isWhitespace }
            try apply(word.uppercased(), Substring(text.dropFirst(word.count)).trimmed, to: &execution)
        }
    }

    private static func apply(_ instruction: String, _ text: String, to execution: inout Execution) throws(EngineError) {
        if text.isEmpty && ["CMD", "ENTRYPOINT"].contains(instruction) == false { throw invalid("\(instruction) requires at least one argument") }
        switch instruction {
        case "CMD": execution.command = try command(text)
        case "ENTRYPOINT": execution.entrypoint = try command(text)
        case "ENV": for (name, value) in try pairs(text, instruction) { setVariable(name, value, &execution) }
        case "LABEL": for (name, value) in try pairs(text, instruction) { execution.labels = (execution.labels ?? [:]).merging([name: value]) { $1 } }
        case "WORKDIR": execution.workingDirectory = folder(text, below: execution.workingDirectory)
        case "USER": execution.user = text
        case "STOPSIGNAL": execution.stopSignal = text
        case "EXPOSE": for port in try ports(text) { execution.exposedPorts = (execution.exposedPorts ?? [:]).merging([port: .init()]) { $1 } }
        case "VOLUME": for path in try words(text) { execution.volumes = (execution.volumes ?? [:]).merging([path: .init()]) { $1 } }
        case "ONBUILD": execution.onBuild = (execution.onBuild ?? []) + [text]
        default: throw invalid("\(instruction.lowercased()) is not a valid change command")
        }
    }

    static func invalid(_ message: String) -> EngineError { EngineError(.invalidArgument, message) }

    /// A JSON list, or a line for the shell.
    private static func command(_ text: String) throws(EngineError) -> [String] {
        if let list = list(text) { return list }
        return text.isEmpty ? [] : ["/bin/sh", "-c", text]
    }

    /// A JSON list, or words.
    private static func words(_ text: String) throws(EngineError) -> [String] {
        if let list = list(text) { return list }
        return try ShellWords.split(text)
    }

    /// nil: no JSON list of strings.
    private static func list(_ text: String) -> [String]? {
        guard text.hasPrefix("[") else { return nil }
        return try? SpecificationJSON.decode([String].self, from: Array(text.utf8), "the change")
    }

    /// `A=b "C=d e"`, or the old form `A the rest`.
    private static func pairs(_ text: String, _ instruction: String) throws(EngineError) -> [(name: String, value: String)] {
        let words = try ShellWords.split(text)
        guard let first = words.first else { throw invalid("\(instruction) requires at least one argument") }
        guard first.contains("=") else {
            let rest = text.dropFirst(text.prefix { !$0.isWhitespace }.count).trimmed
            if rest.isEmpty { throw invalid("\(instruction) must have two arguments") }
            return [(first, rest)]
        }
        var pairs: [(name: String, value: String)] = []
        for word in words {
            guard let sign = word.firstIndex(of: "=") else {
                throw invalid("Syntax error - can't find = in \"\(word)\". Must be of the form: name=value")
            }
            if sign == word.startIndex { throw invalid("\(instruction) names can not be blank") }
            pairs.append((String(word[..<sign]), String(word[word.index(after: sign)...])))
        }
        return pairs
    }

    private static func setVariable(_ name: String, _ value: String, _ execution: inout Execution) {
        var environment = execution.environment ?? []
        let entry = "\(name)=\(value)"
        if let index = environment.firstIndex(where: { $0.hasPrefix("\(name)=") }) { environment[index] = entry } else { environment.append(entry) }
        execution.environment = environment
    }

    private static func folder(_ text: String, below current: String?) -> String {
        text.hasPrefix("/") ? text : "\(current == nil || current == "/" ? "" : current ?? "")/\(text)"
    }

    /// "80 90-92/udp" as single ports.
    private static func ports(_ text: String) throws(EngineError) -> [String] {
        var result: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
            guard ends.count <= 2, let first = ends[0], let last = ends.count > 1 ? ends[1] : first, first > 0, first <= last,
                ContainerPort("\(first)/\(transport)") != nil
            else { throw invalid("invalid containerPort: \(word)") }
            result += (first...last).map { "\($0)/\(transport)" }
        }
        return result
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
