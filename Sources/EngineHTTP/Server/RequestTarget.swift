/// The target of a request line, taken apart: "/v1.41/containers/json?all=1".
struct RequestTarget: Sendable, Equatable {
    /// Without version and query, not decoded.
    var path: String
    /// nil: the path names no version.
    var version: APIVersion?
    /// Behind the first "?", not decoded.
    var query: String

    init(_ target: String) {
        let origin = Self.withoutAuthority(target[...])
        let mark = origin.utf8.firstIndex(of: UInt8(ascii: "?"))
        query = mark.map { String(origin[origin.utf8.index(after: $0)...]) } ?? ""
        (version, path) = Self.versioned(origin[..<(mark ?? origin.endIndex)])
    }

    /// "http://docker/info" is what a client writes that thinks it talks to a proxy.
    private static func withoutAuthority(_ target: Substring) -> Substring {
        guard target.hasPrefix("http://") || target.hasPrefix("https://") else { return target }
        let authority = target.drop { $0 != "/" }.dropFirst(2)
        let path = authority.drop { $0 != "/" && $0 != "?" }
        return path.hasPrefix("/") ? path : "/" + path
    }

    private static func versioned(_ path: Substring) -> (APIVersion?, String) {
        guard path.hasPrefix("/v") else { return (nil, String(path)) }
        let rest = path.dropFirst(2)
        guard let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")), let version = APIVersion(rest[..<slash]) else { return (nil, String(path)) }
        return (version, String(rest[slash...]))
    }
}
