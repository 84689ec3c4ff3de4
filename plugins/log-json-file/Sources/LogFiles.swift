import DriverKit
import Glibc
import Gzip
import LinuxSystem
import LogKit

/// One file of a log, open for reading.
final class OpenFile {
    let descriptor: Int32
    let inode: UInt64
    /// Whole records only: what is being written right now is not in it.
    let size: Int
    /// Tells this file from all others that the log had: an inode's number may be used again, so its first record counts too.
    let epoch: UInt64
    /// Of the last record, ns; 0: not known.
    let lastTime: Int64
    /// Where the contents of a compressed file are kept; nil: it isn't one.
    private let decompressed: DecompressedFiles?

    init(_ path: String) throws(Errno) {
        let file = try Files.open(path, O_RDONLY)
        var status = stat()
        try Errno.check("stat \(path)", fstat(file.raw, &status))
        inode = UInt64(status.st_ino)
        size = try FileTail.wholeSize(file.raw, Int(status.st_size))
        epoch = try Self.epoch(file.raw, inode)
        lastTime = 0
        decompressed = nil
        descriptor = file.take()
    }

    /// Its contents are decompressed when they are read for the first time.
    init(compressed path: String, _ decompressed: DecompressedFiles) throws(Errno) {
        let file = try Files.open(path, O_RDONLY)
        var status = stat()
        try Errno.check("stat \(path)", fstat(file.raw, &status))
        inode = UInt64(status.st_ino)
        let facts = CompressedFacts(encoded: try Gzip.extra(of: file.raw))
        epoch = facts.epoch == 0 ? inode : facts.epoch
        lastTime = facts.lastTime
        // The member ends with its size.
        var trailer: UInt32 = 0
        let end = status.st_size, descriptor = file.raw
        _ = try Errno.retrying("read \(path)") { pread(descriptor, &trailer, 4, end - 4) }
        size = Int(UInt32(littleEndian: trailer))
        self.decompressed = decompressed
        self.descriptor = file.take()
    }

    deinit { close(descriptor) }

    static func epoch(_ descriptor: Int32, _ inode: UInt64) throws(Errno) -> UInt64 {
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
        let descriptor = try decompressed?.contents(of: self) ?? descriptor
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
    init(_ path: String, _ decompressed: DecompressedFiles) throws(DriverError) {
        var files: [OpenFile] = []
        do throws(Errno) {
            for name in [path] + Self.rotated(path) {
                guard let file = try Self.open(name, decompressed) else { continue }
                if !files.contains(where: { $0.inode == file.inode || $0.epoch == file.epoch }) { files.append(file) }
            }
        } catch {
            throw DriverError(error.code, "the log can't be read: \(error)")
        }
        all = files.reversed()
    }

    /// Names of the full files, compressed or not, newest first.
    static func rotated(_ path: String) -> [String] {
        var result: [String] = []
        while case let name = "\(path).\(result.count + 1)", Files.exists(name) || Files.exists("\(name).gz") { result.append(name) }
        return result
    }

    /// A file's compressed form is there before the plain one goes.
    private static func open(_ path: String, _ decompressed: DecompressedFiles) throws(Errno) -> OpenFile? {
        do throws(Errno) { return try OpenFile(path) } catch {
            guard error.code == ENOENT else { throw error }
        }
        do throws(Errno) { return try OpenFile(compressed: "\(path).gz", decompressed) } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }
}
