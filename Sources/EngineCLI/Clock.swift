import EngineWire
import Glibc

/// The time since something happened, in Docker's words.
enum Clock {
    /// - Parameter seconds: since 1970.
    static func since(_ seconds: Int64) -> String { Human.duration(seconds: max(0, Int64(time(nil)) - seconds)) }

    /// "2h30m", "10s", or a time, as the engine takes it: seconds since 1970, or what it was.
    static func parameter(_ text: String) -> String {
        guard let ago = GoDuration.parse(text) else { return text }
        return "\(Int64(time(nil)) - ago / 1_000_000_000)"
    }
}
