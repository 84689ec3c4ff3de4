import EngineWire
import Glibc

func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// "key=value" flags.
enum Pairs {
    static func split(_ text: String) -> (key: String, value: String) {
        let key = text.prefix { $0 != "=" }
        return (String(key), String(text.dropFirst(key.count + 1)))
    }

    /// The last of equal keys counts; a key alone has the value "".
    static func map(_ texts: [String]) -> [String: String] {
        Dictionary(texts.map { split($0) }.map { ($0.key, $0.value) }) { $1 }
    }

    static func labels(files: [String], given: [String]) throws(Refusal) -> [String: String] {
        var all: [String] = []
        for file in files { all += try TextFile.lines(file) }
        for text in given where split(text).key.isEmpty { throw Refusal("invalid label '\(text)': empty name") }
        return map(all + given)
    }

    /// "--filter key=value", as the query of a list.
    static func filters(_ texts: [String], adding extra: [String: [String]] = [:]) throws(Refusal) -> [(String, String)] {
        var all = extra
        for text in texts {
            guard text.contains("=") else { throw Refusal("invalid argument \"\(text)\" for \"-f, --filter\" flag: bad format of filter (expected name=value)") }
            let pair = split(text)
            all[pair.key.lowercased(), default: []].append(pair.value)
        }
        guard !all.isEmpty else { return [] }
        let members = all.sorted { $0.key < $1.key }.map { name, values in
            JSONValue.Member(key: name, value: .object(values.map { .init(key: $0, value: true) }))
        }
        return [("filters", JSONValue.object(members).text)]
    }
}
