/// "1.47".
struct APIVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    static let minimum = APIVersion(major: 1, minor: 24)
    static let maximum = APIVersion(major: 1, minor: 50)

    var major, minor: Int

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Of a path's first part, "v1.47"; nil when that is none.
    init?(prefix: Substring) {
        guard prefix.first == "v" else { return nil }
        let parts = prefix.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), major >= 0, minor >= 0 else { return nil }
        self.init(major: major, minor: minor)
    }

    var description: String { "\(major).\(minor)" }
    static func < (a: Self, b: Self) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

    /// Docker's words for a client that this engine can't serve; nil: it can.
    var refusal: String? {
        if self > Self.maximum { return "client version \(self) is too new. Maximum supported API version is \(Self.maximum)" }
        if self < Self.minimum {
            return "client version \(self) is too old. Minimum supported API version is \(Self.minimum), please upgrade your client to a newer version"
        }
        return nil
    }
}
