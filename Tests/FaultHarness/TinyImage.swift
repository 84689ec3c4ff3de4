import LinuxSystem

/// An image with Debian's busybox and a file that says which it is, as the archive that `import` takes.
enum TinyImage {
    private static let applets = ["sh", "cat", "sleep", "dd", "mkdir", "printf", "true"]

    /// What the file holds in the image of an operation. Several images share a layer, and differ in their configuration.
    static func marker(_ number: Int) -> String { "\(number % 3)" }

    /// - Throws: `Errno` when there is no /bin/busybox.
    static func archive(marker: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for folder in ["bin/", "data/", "tmp/"] { bytes += entry(folder, kind: "5", mode: 0o755) }
        bytes += entry("bin/busybox", kind: "0", mode: 0o755, content: try Files.read("/bin/busybox"))
        for name in applets { bytes += entry("bin/\(name)", kind: "2", mode: 0o777, target: "busybox") }
        bytes += entry("marker", kind: "0", mode: 0o644, content: Array(marker.utf8))
        return bytes + [UInt8](repeating: 0, count: 1024)
    }

    /// POSIX.1-1988 "ustar": a header of 512 bytes and the content, filled up to 512.
    private static func entry(_ name: String, kind: Character, mode: Int, content: [UInt8] = [], target: String = "") -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) { header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
        func octal(_ number: Int, digits: Int) -> String { String(repeating: "0", count: max(0, digits - String(number, radix: 8).count)) + String(number, radix: 8) }
        put(name, at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(content.count, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put(String(kind), at: 156)
        put(target, at: 157)
        put("ustar\u{0}00", at: 257)
        put("        ", at: 148)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0}", at: 148)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
