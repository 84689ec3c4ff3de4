import Glibc
import LinuxSystem

/// What a process holds, to be compared with what it held before.
struct ProcessState {
    /// Descriptors, and what they are of.
    var descriptors: [String]
    var mounts, threads: Int
    /// Bytes of anonymous memory in use.
    var memory: Int

    static func now() throws -> ProcessState {
        ProcessState(
            descriptors: try descriptorNames(), mounts: try Files.read("/proc/self/mountinfo").count { $0 == 0x0a }, threads: try Files.list("/proc/self/task").count,
            memory: try anonymousMemory())
    }

    private static func descriptorNames() throws -> [String] {
        try Files.list("/proc/self/fd").compactMap { name in
            var buffer = [CChar](repeating: 0, count: 512)
            let count = readlink("/proc/self/fd/\(name)", &buffer, 511)
            // The one that lists the folder is closed by now.
            return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
        }
    }

    private static func anonymousMemory() throws -> Int {
        let text = String(decoding: try Files.read("/proc/self/status"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}
