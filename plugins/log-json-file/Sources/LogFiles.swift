import DriverKit
import Glibc
import LinuxSystem

/// One file of a log, open for reading.
final class OpenFile {
    let descriptor: Int32
    let inode: UInt64
    /// Whole records only: what is being written right now is not in it.
    let size: Int
    /// Tells this file from all others that the log had: an inode's number may be used again, so its first record counts too.
    let epoch: UInt64

    init(_ path: String) throws(Errno) {
        let file = try Files.open(path, O_RDONLY)
        var status = stat()
        try Errno.check("stat \(path)", fstat(file.raw, &status))
        inode = UInt64(status.st_ino)
        size = try FileTail.wholeSize(file.raw, Int(status.st_size))
        epoch = try Self.epoch(file.raw, inode)
        descriptor = file.take()
    }

    deinit { close(descriptor) }

    private static func epoch(_ descriptor: Int32, _ inode: UInt64) throws(Errno) -> UInt64 {
        var head = [UInt8](repeating: 0, count: 4096)
        let count = try Errno.retrying("read") { pread(descriptor, &head, head.count, 0) }
        var hash = 0xcbf2_9ce4_8422_2325 ^ inode
        for byte in head[..<count] {
            if byte == 0x0a { break }
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return hash == 0 ? 1 : hash
    }

    /// Reads `length` bytes at `offset` to the end of `buffer`.
    func read(_ offset: Int, _ length: Int, into buffer: ByteBuffer) throws(DriverError) {
        buffer.reserve(length)
        var done = 0
        while done < length {
            let count = pread(descriptor, buffer.end, length - done, off_t(offset + done))
            if count > 0 {
                done += count
                buffer.count += count
            } else if count == 0 {
                return
            } else if errno != EINTR {
                let code = errno
                throw DriverError(code, "the log can't be read: \(String(cString: strerror(code)))")
            }
        }
    }
}

/// All files of a log at one moment, oldest first.
struct LogFiles {
    let all: [OpenFile]

    /// Newest first, so that a rotation in between shows as the same file twice and never as a gap.
    init(_ path: String) throws(DriverError) {
        var files: [OpenFile] = []
        do throws(Errno) {
            for path in [path] + Self.rotated(path) {
                guard let file = try Self.open(path) else { continue }
                if !files.contains(where: { $0.inode == file.inode }) { files.append(file) }
            }
        } catch {
            throw DriverError(error.code, "the log can't be read: \(error)")
        }
        all = files.reversed()
    }

    /// The full files that exist, newest first.
    static func rotated(_ path: String) -> [String] {
        var result: [String] = []
        while Files.exists("\(path).\(result.count + 1)") { result.append("\(path).\(result.count + 1)") }
        return result
    }

    private static func open(_ path: String) throws(Errno) -> OpenFile? {
        do throws(Errno) { return try OpenFile(path) } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }
}
