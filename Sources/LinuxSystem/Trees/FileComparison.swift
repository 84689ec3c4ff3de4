import CLinux
import Glibc

/// Reads two files side by side.
struct FileComparison {
    private var buffers = ([UInt8](repeating: 0, count: 256 << 10), [UInt8](repeating: 0, count: 256 << 10))

    /// Whether the files `name` of two open folders hold the same `size` bytes.
    mutating func areEqual(_ name: [CChar], in one: Int32, _ other: Int32, _ size: Int64) throws(Errno) -> Bool {
        let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC
        let first = OwnedFD(adopting: try Errno.check("open", openat(one, name, flags)))
        let second = OwnedFD(adopting: try Errno.check("open", openat(other, name, flags)))
        var rest = size
        while rest > 0 {
            let count = min(Int(rest), buffers.0.count)
            try Self.fill(&buffers.0, count, first.raw)
            try Self.fill(&buffers.1, count, second.raw)
            if memcmp(buffers.0, buffers.1, count) != 0 { return false }
            rest -= Int64(count)
        }
        return true
    }

    private static func fill(_ buffer: inout [UInt8], _ count: Int, _ file: Int32) throws(Errno) {
        var done = 0
        while done < count {
            let got = try Errno.retrying("read") { buffer.withUnsafeMutableBytes { read(file, $0.baseAddress! + done, count - done) } }
            if got == 0 { throw Errno(EIO, "a file became shorter while it was read") }
            done += got
        }
    }
}
