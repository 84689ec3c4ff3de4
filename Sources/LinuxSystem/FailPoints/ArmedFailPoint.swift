import Glibc

/// A point, the time that counts, and what happens then.
public struct ArmedFailPoint: Equatable, Sendable {
    public enum Action: Equatable, Sendable {
        case kill
        case error(Int32)
        /// Milliseconds.
        case pause(UInt32)
    }

    public var name: String
    /// 1: the first time.
    public var nth = 1
    public var action = Action.kill

    /// `NAME[:NTH][=kill|error:ERRNO|pause:MILLISECONDS]`; nil: it is something else.
    public init?(_ text: String) {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        let place = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count <= 2, place.count <= 2, !place[0].isEmpty else { return nil }
        name = String(place[0])
        if place.count == 2 {
            guard let nth = Int(place[1]), nth > 0 else { return nil }
            self.nth = nth
        }
        guard halves.count == 2 else { return }
        guard let action = Self.action(halves[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)) else { return nil }
        self.action = action
    }

    private static func action(_ words: [String]) -> Action? {
        switch (words[0], words.count) {
        case ("kill", 1): .kill
        case ("error", 2): codes[words[1]].map { .error($0) }
        case ("pause", 2): UInt32(words[1]).map { .pause($0) }
        default: nil
        }
    }

    private static let codes = ["EIO": EIO, "ENOSPC": ENOSPC, "EROFS": EROFS, "ENOMEM": ENOMEM, "EMFILE": EMFILE, "EPERM": EPERM]
}
