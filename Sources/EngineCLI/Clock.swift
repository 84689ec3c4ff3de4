import EngineWire
import Glibc

/// The time since something happened, in Docker's words.
enum Clock {
    /// - Parameter seconds: since 1970.
    static func since(_ seconds: Int64) -> String { Human.duration(seconds: max(0, Int64(time(nil)) - seconds)) }

    /// "2h30m", "10s", or a time, as the engine takes it: seconds since 1970, or what it was.
    static func parameter(_ text: String) -> String {
        guard let ago = duration(text) else { return text }
        return "\(Int64(time(nil)) - ago)"
    }

    /// Seconds of a Go duration; nil when it is none.
    static func duration(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["h": 3600, "m": 60, "s": 1]
        var total: Int64 = 0, digits = "", sawUnit = false
        for character in text {
            if character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit = units[character], let number = Int64(digits) else { return nil }
            total += number * unit
            digits = ""
            sawUnit = true
        }
        return sawUnit && digits.isEmpty ? total : nil
    }
}
