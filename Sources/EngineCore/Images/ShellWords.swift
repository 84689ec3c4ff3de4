import EngineErrors

/// Words as a Dockerfile splits them: quotes hold blanks, a backslash takes the next character as it is.
enum ShellWords {
    static func split(_ text: String) throws(EngineError) -> [String] {
        var words: [String] = []
        var word = ""
        var isInWord = false
        var quote: Character?
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character == "\\", quote != "'", let next = rest.first {
                if quote == nil || next == "\"" || next == "\\" || next == "$" {
                    rest.removeFirst()
                    word.append(next)
                } else {
                    word.append(character)
                }
                isInWord = true
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                isInWord = true
            } else if character.isWhitespace {
                if isInWord { words.append(word) }
                word = ""
                isInWord = false
            } else {
                word.append(character)
                isInWord = true
            }
        }
        if quote != nil { throw ImageChanges.invalid("unterminated quote in \"\(text)\"") }
        return isInWord ? words + [word] : words
    }
}
