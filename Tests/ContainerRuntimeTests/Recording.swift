import Glibc
import LinuxSystem
import ShimProtocol

/// What a daemon and a shim of an earlier version said to each other, as it went over the socket.
struct Recording: Sendable {
    let version: UInt16
    private let lines: [(isFromDaemon: Bool, bytes: [UInt8])]

    init(version: UInt16) throws {
        self.version = version
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let text = String(decoding: try Files.read("/\(folder)/Recordings/version-\(version).txt"), as: UTF8.self)
        lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let words = line.split(separator: " ")
            return (words[0] == ">", Self.bytes(words[2]))
        }
    }

    private static func bytes(_ text: Substring) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)! }
    }

    /// Messages of a kind, in order.
    func messages(_ kind: Message.Kind) -> [Message] { all.filter { $0.kind == kind } }

    var all: [Message] {
        lines.compactMap { line in
            var decoder = MessageDecoder()
            decoder.feed(line.bytes)
            return try? decoder.next()
        }
    }

    var count: Int { lines.count }
}

extension Fields {
    /// With each value changed; nil drops the field.
    func rewritten(_ change: (Tag, [UInt8]) -> [UInt8]?) -> Fields {
        var result = Fields()
        forEach { tag, value in
            if let new = change(tag, Array(value)) { result.add(tag, new) }
        }
        return result
    }
}
