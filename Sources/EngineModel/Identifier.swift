/// Ids of 64 hexadecimal digits, and the names that people give.
public enum Identifier {
    public static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in hex(generator.next(), digits: 16) }.joined()
    }

    /// A whole id, as `random` makes them.
    public static func isFull(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Docker's rule for names: [a-zA-Z0-9][a-zA-Z0-9_.-]+
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count >= 2 else { return false }
        return isAlphanumeric(first) && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5f || $0 == 0x2e || $0 == 0x2d }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    private static func hex(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
