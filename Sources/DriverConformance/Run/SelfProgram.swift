import Glibc
import LinuxSystem

/// This program, to be run again.
enum SelfProgram {
    static func arguments(_ rest: [String]) throws -> [String] {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try Errno.check("readlink /proc/self/exe", readlink("/proc/self/exe", &buffer, 4095))
        return [String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)] + rest
    }
}
