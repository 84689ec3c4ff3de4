/// The grammar of image references, in the terms of distribution/reference.
enum ReferenceGrammar {
    static func isHex64(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
    }

    /// The first "@" begins the digest, a ":" after the last "/" the tag.
    static func split(_ text: String) -> (name: String, tag: String?, digest: String?) {
        var name = Substring(text)
        var digest: String?
        if let at = name.firstIndex(of: "@") {
            digest = String(name[name.index(after: at)...])
            name = name[..<at]
        }
        let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        guard let colon = name[last...].firstIndex(of: ":") else { return (String(name), nil, digest) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]), digest)
    }

    /// Adds "docker.io" and "library/" where people leave them out.
    static func normalise(_ name: String) -> (domain: String, path: String) {
        var domain = "docker.io"
        var path = name
        if let slash = name.firstIndex(of: "/") {
            let first = name[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost" || first.lowercased() != first {
                domain = String(first)
                path = String(name[name.index(after: slash)...])
            }
        }
        if domain == "index.docker.io" { domain = "docker.io" }
        if domain == "docker.io" && !path.contains("/") { path = "library/\(path)" }
        return (domain, path)
    }

    static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, isWord(first) else { return false }
        return text.utf8.allSatisfy { isWord($0) || $0 == 0x2e || $0 == 0x2d }
    }

    static func isDigest(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: 0x3a) else { return false }
        let algorithm = text.utf8[..<colon]
        let hex = text.utf8[text.utf8.index(after: colon)...]
        guard let first = algorithm.first, isLetter(first), algorithm.allSatisfy({ isLetter($0) || isDigit($0) || [0x2b, 0x2e, 0x5f, 0x2d].contains($0) }) else { return false }
        guard hex.allSatisfy({ isDigit($0) || (0x61...0x66).contains($0) }) else { return false }
        return Array(algorithm) == Array("sha256".utf8) ? hex.count == 64 : hex.count >= 32
    }

    /// Host name or address, and perhaps a port.
    static func isDomain(_ text: String) -> Bool {
        var host = Substring(text)
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let port = text[text.index(after: colon)...]
            guard !port.isEmpty, port.utf8.allSatisfy(isDigit) else { return false }
            host = text[..<colon]
        }
        if host.hasPrefix("[") && host.hasSuffix("]") {
            return host.dropFirst().dropLast().utf8.allSatisfy { isDigit($0) || $0 == 0x3a || (0x61...0x66).contains($0 | 0x20) }
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last, isAlphanumeric(first), isAlphanumeric(last) else { return false }
            return label.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d }
        }
    }

    static func isPath(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isComponent)
    }

    /// Lower-case letters and digits, joined by ".", "_", "__" or any number of "-".
    private static func isComponent(_ text: Substring) -> Bool {
        var separator: [UInt8] = []
        var hasBegun = false
        for byte in text.utf8 {
            if isDigit(byte) || (0x61...0x7a).contains(byte) {
                if !separator.isEmpty && (!hasBegun || !isSeparator(separator)) { return false }
                separator = []
                hasBegun = true
            } else if byte == 0x2e || byte == 0x5f || byte == 0x2d {
                separator.append(byte)
            } else {
                return false
            }
        }
        return hasBegun && separator.isEmpty
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        bytes == [0x2e] || bytes == [0x5f] || bytes == [0x5f, 0x5f] || bytes.allSatisfy { $0 == 0x2d }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
    private static func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == 0x5f }
}
