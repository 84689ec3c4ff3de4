import Glibc

/// A tar archive written by hand, so that it can be as hostile as need be.
struct TestArchive {
    private(set) var bytes: [UInt8] = []

    static func build(_ body: (inout TestArchive) -> Void) -> [UInt8] {
        var archive = TestArchive()
        body(&archive)
        return archive.bytes + [UInt8](repeating: 0, count: 1024)
    }

    mutating func folder(_ path: String, mode: Int = 0o755, owner: Int = 0, time: Int = 1_000_000_000) {
        entry(path, "5", mode: mode, owner: owner, time: time)
    }

    mutating func file(_ path: String, _ text: String = "", mode: Int = 0o644, owner: Int = 0, time: Int = 1_000_000_000) {
        entry(path, "0", mode: mode, owner: owner, time: time, content: Array(text.utf8))
    }

    mutating func bytes(_ path: String, _ content: [UInt8]) { entry(path, "0", content: content) }
    mutating func link(_ path: String, to target: String) { entry(path, "2", mode: 0o777, target: target) }
    mutating func hardLink(_ path: String, to target: String) { entry(path, "1", target: target) }
    mutating func device(_ path: String, _ major: Int, _ minor: Int) { entry(path, "3", major: major, minor: minor) }
    mutating func fifo(_ path: String) { entry(path, "6") }

    /// Records of a pax header for the next entry.
    mutating func pax(_ records: [(String, [UInt8])]) {
        var content: [UInt8] = []
        for (key, value) in records {
            let body = Array(" \(key)=".utf8) + value + [0x0a]
            var length = body.count + 1
            while String(length).utf8.count + body.count != length { length = String(length).utf8.count + body.count }
            content += Array(String(length).utf8) + body
        }
        entry("PaxHeader", "x", content: content)
    }

    private mutating func entry(
        _ path: String, _ kind: Character, mode: Int = 0o644, owner: Int = 0, time: Int = 1_000_000_000, target: String = "",
        major: Int = 0, minor: Int = 0, content: [UInt8] = []
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ place: Int) { for (index, byte) in text.utf8.enumerated() { block[place + index] = byte } }
        func octal(_ value: Int, _ width: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: width - 1 - text.count) + text
        }
        put(path, 0)
        put(octal(mode, 8), 100)
        put(octal(owner, 8), 108)
        put(octal(owner, 8), 116)
        put(octal(content.count, 12), 124)
        put(octal(time, 12), 136)
        put("        ", 148)
        put(String(kind), 156)
        put(target, 157)
        put("ustar\u{0}00", 257)
        put(octal(major, 8), 329)
        put(octal(minor, 8), 337)
        put(octal(block.reduce(0) { $0 + Int($1) }, 7) + "\u{0} ", 148)
        bytes += block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
