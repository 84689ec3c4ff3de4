import Glibc

/// Files that flags name.
enum TextFile {
    /// - Throws: Docker's sentence: "open x: no such file or directory".
    static func bytes(_ path: String) throws(Refusal) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Refusal("open \(path): \(reason())") }
        defer { _ = close(descriptor) }
        var all: [UInt8] = []
        while true {
            let part = [UInt8](unsafeUninitializedCapacity: 65536) { room, count in count = max(0, read(descriptor, room.baseAddress, 65536)) }
            if part.isEmpty { return all }
            all += part
        }
    }

    /// The lines that are neither empty nor comments, without blanks on their left.
    static func lines(_ path: String) throws(Refusal) -> [String] {
        var bytes = try bytes(path)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            var line = line.drop { $0 == " " || $0 == "\t" }
            if line.last == "\r" { line.removeLast() }
            return line.isEmpty || line.hasPrefix("#") ? nil : String(line)
        }
    }

    /// errno in Go's words, which have no capital.
    static func reason() -> String {
        let text = String(cString: strerror(errno))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

extension TextFile {
    /// A new file; one that exists is left alone.
    static func create(_ path: String, _ text: String) throws(Refusal) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Refusal("open \(path): \(reason())") }
        Output.write(text.utf8, to: descriptor)
        _ = close(descriptor)
    }
}
