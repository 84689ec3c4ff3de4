import Glibc
import LinuxSystem

/// What a child tells its parent, line by line on descriptor 3: a word, a blank, a text without line breaks.
struct ChildReport: Sendable {
    static let descriptor: Int32 = 3

    enum Word: String { case step, passed, failed, skipped, fact }

    func say(_ word: Word, _ text: String = "") {
        let line = Array("\(word.rawValue) \(Self.escaped(text))\n".utf8)
        try? line.withUnsafeBytes { try Files.writeAll(Self.descriptor, $0) }
    }

    func step(_ text: String) { say(.step, text) }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    static func parse(_ line: String) -> (Word, String)? {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let word = Word(rawValue: String(parts[0])) else { return nil }
        var text = "", isEscape = false
        for character in parts.count > 1 ? parts[1].unicodeScalars : Substring().unicodeScalars {
            if isEscape {
                text.unicodeScalars.append(character == "n" ? "\n" : character)
                isEscape = false
            } else if character == "\\" {
                isEscape = true
            } else {
                text.unicodeScalars.append(character)
            }
        }
        return (word, text)
    }
}
