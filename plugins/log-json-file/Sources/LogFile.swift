import DriverKit
import Glibc
import LinuxSystem

/// The files of one log, open for writing: `path`, and the full ones `path.1` (newest), `path.2` …, each of which may
/// be compressed: `path.1.gz`.
final class LogFile {
    let path: String
    private let options: JSONFileOptions
    private var descriptor: Int32 = -1
    /// Bytes in `path`.
    private var size = 0
    /// Of the last record, ns; 0: not known.
    var lastTime: Int64 = 0
    private var compression: Compression?

    init(_ path: String, _ options: JSONFileOptions) throws(DriverError) {
        self.path = path
        self.options = options
        try open(truncating: false)
        try repair()
        if options.compresses { compressOlder() }
    }

    deinit { close() }

    /// What is being compressed stays as it was, for the next time.
    func close() {
        compression?.cancel()
        compression = nil
        closeFile()
    }

    private func closeFile() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    var isFull: Bool { isFull(after: 0) }

    /// Whether the file is full once `more` bytes are in it.
    func isFull(after more: Int) -> Bool { options.maximumSize.map { size + more >= $0 } ?? false }

    /// One write(2); whatever goes wrong, no torn record stays behind.
    func append(_ bytes: UnsafeRawBufferPointer) throws(DriverError) {
        if descriptor < 0 { try open(truncating: false) }
        var count = 0
        repeat { count = write(descriptor, bytes.baseAddress, bytes.count) } while count < 0 && errno == EINTR
        if count == bytes.count {
            size += count
            return
        }
        let code = count < 0 ? errno : ENOSPC
        if count > 0 { ftruncate(descriptor, off_t(size)) }
        throw DriverError(code, "the log \(path) can't be written: \(String(cString: strerror(code)))")
    }

    /// `path` becomes `path.1`, that `path.2` …, and the oldest goes. With one file only, it is emptied.
    func rotate() throws(DriverError) {
        closeFile()
        if options.maximumFiles == 1 { return try open(truncating: true) }
        compression?.wait()
        compression = nil
        for index in stride(from: options.maximumFiles - 1, to: 0, by: -1) { try move(to: index) }
        FailPoint.after("json-file.rotate")
        try open(truncating: false)
        if options.compresses { compression = Compression("\(path).1", lastTime: lastTime) }
    }

    private func move(to index: Int) throws(DriverError) {
        let to = "\(path).\(index)"
        unlink(to)
        unlink("\(to).gz")
        FailPoint.after("json-file.rotate.drop")
        if index == 1 { return try move(path, to) }
        try move("\(path).\(index - 1).gz", "\(to).gz")
        try move("\(path).\(index - 1)", to)
    }

    private func move(_ from: String, _ to: String) throws(DriverError) {
        if rename(from, to) != 0 && errno != ENOENT {
            let code = errno
            throw DriverError(code, "the log \(from) can't be renamed: \(String(cString: strerror(code)))")
        }
    }

    /// What a container's end or a crash left uncompressed.
    private func compressOlder() {
        unlink("\(path).1.gz.tmp")
        if Files.exists("\(path).1") { compression = Compression("\(path).1", lastTime: 0) }
    }

    private func open(truncating: Bool) throws(DriverError) {
        do throws(Errno) {
            let flags = O_RDWR | O_APPEND | O_CREAT | (truncating ? O_TRUNC : 0)
            let file = try Files.open(path, flags, mode: 0o640)
            size = Int(try Errno.check("lseek \(path)", lseek(file.raw, 0, SEEK_END)))
            descriptor = file.take()
        } catch {
            throw DriverError(error.code, "the log can't be opened: \(error)")
        }
    }

    /// A crash may have cut the last record: what follows the last newline goes.
    private func repair() throws(DriverError) {
        do throws(Errno) {
            let whole = try FileTail.wholeSize(descriptor, size)
            if whole == size { return }
            try Errno.check("truncate \(path)", ftruncate(descriptor, off_t(whole)))
            size = whole
        } catch {
            throw DriverError(error.code, "the log can't be repaired: \(error)")
        }
    }
}

enum FileTail {
    /// Bytes up to and with the last newline of the first `size` bytes.
    static func wholeSize(_ descriptor: Int32, _ size: Int) throws(Errno) -> Int {
        var end = size
        var block = [UInt8](repeating: 0, count: 4096)
        while end > 0 {
            let start = max(0, end - block.count), length = end - start
            let count = try Errno.retrying("read") { pread(descriptor, &block, length, off_t(start)) }
            if let newline = block[..<count].lastIndex(of: 0x0a) { return start + newline + 1 }
            if count < length { return 0 }
            end = start
        }
        return 0
    }
}
