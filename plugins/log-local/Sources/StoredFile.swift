import Glibc
import LinuxSystem

/// A file of the log, open.
final class StoredFile {
    let descriptor: Int32
    let path: String

    init(_ path: String, _ flags: Int32 = O_RDONLY) throws(Errno) {
        descriptor = try Files.open(path, flags, mode: 0o640).take()
        self.path = path
    }

    deinit { close(descriptor) }

    /// nil: it is not there.
    static func existing(_ path: String) throws(Errno) -> StoredFile? {
        do throws(Errno) { return try StoredFile(path) } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    func size() throws(Errno) -> Int {
        var status = stat()
        try Errno.check("stat \(path)", fstat(descriptor, &status))
        return Int(status.st_size)
    }

    /// Up to `length` bytes; fewer at the end of the file.
    func read(_ offset: Int, _ length: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: length)
        var failure: Errno?
        let count = bytes.withUnsafeMutableBytes { buffer in
            do throws(Errno) { return try read(offset, into: buffer) } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count == length ? bytes : Array(bytes[..<count])
    }

    func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let count = try Errno.retrying("read \(path)") { pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done)) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// One write(2) at the end; less than all of it is ENOSPC.
    func append(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        let count = try Errno.retrying("write \(path)") { write(descriptor, bytes.baseAddress, bytes.count) }
        if count < bytes.count { throw Errno(ENOSPC, "write \(path)") }
    }

    func append(_ bytes: [UInt8]) throws(Errno) {
        let result: Errno? = bytes.withUnsafeBytes { buffer in
            do throws(Errno) {
                try append(buffer)
                return nil
            } catch { return error }
        }
        if let result { throw result }
    }

    func truncate(_ size: Int) throws(Errno) { try Errno.check("truncate \(path)", ftruncate(descriptor, off_t(size))) }
}
