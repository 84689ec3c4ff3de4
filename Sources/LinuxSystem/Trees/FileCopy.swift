import CLinux
import Glibc

/// Copies the contents of files: shared blocks where the file system has them, the kernel's own copy where it can, and
/// holes stay holes.
struct FileCopy {
    /// Bytes between two looks at `isCancelled`.
    private static let step = 32 << 20
    let isCancelled: () -> Bool
    private var mayClone = true
    private var mayCopyInKernel = true
    private lazy var buffer = [UInt8](repeating: 0, count: 256 << 10)

    init(isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }

    /// `to` is an empty file; `status` is the source's.
    mutating func run(from: Int32, to: Int32, _ status: stat) throws(Errno) {
        if status.st_size == 0 || clone(from, to) { return }
        if Int64(status.st_blocks) * 512 >= Int64(status.st_size) { return try copy(from, to, 0..<Int64(status.st_size)) }
        try copyBetweenHoles(from, to, Int64(status.st_size))
    }

    private mutating func clone(_ from: Int32, _ to: Int32) -> Bool {
        guard mayClone else { return false }
        if gantry_clone_file(to, from) == 0 { return true }
        // Other errors are of this one file.
        if [EOPNOTSUPP, ENOTTY, EXDEV, ENOSYS].contains(Glibc.errno) { mayClone = false }
        return false
    }

    private mutating func copyBetweenHoles(_ from: Int32, _ to: Int32, _ size: Int64) throws(Errno) {
        var position: Int64 = 0
        while position < size {
            let data = lseek(from, off_t(position), Int32(SEEK_DATA))
            if data < 0 && Glibc.errno == ENXIO { break }
            try Errno.check("find data", data)
            let hole = min(Int64(try Errno.check("find a hole", lseek(from, data, Int32(SEEK_HOLE)))), size)
            try copy(from, to, Int64(data)..<max(Int64(data), hole))
            position = max(hole, Int64(data) + 1)
        }
        try Errno.check("set the size", ftruncate(to, off_t(size)))
    }

    private mutating func copy(_ from: Int32, _ to: Int32, _ range: Range<Int64>) throws(Errno) {
        var position = range.lowerBound
        while position < range.upperBound {
            if isCancelled() { throw Errno(ECANCELED, "copy") }
            let wanted = min(Int(range.upperBound - position), Self.step)
            var count = 0
            if mayCopyInKernel { count = try copyInKernel(from, to, position, wanted) }
            if count == 0 { count = try copyThroughMemory(from, to, position, wanted) }
            // The file became shorter.
            if count == 0 { return }
            position += Int64(count)
        }
    }

    /// 0: it can't, now or, after some errors, for these two file systems at all.
    private mutating func copyInKernel(_ from: Int32, _ to: Int32, _ position: Int64, _ count: Int) throws(Errno) -> Int {
        var source = off_t(position), target = off_t(position)
        let done = copy_file_range(from, &source, to, &target, count, 0)
        if done >= 0 { return done }
        let code = Glibc.errno
        if [EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, EPERM].contains(code) { mayCopyInKernel = false } else if code != EINTR { throw Errno(code, "copy") }
        return 0
    }

    private mutating func copyThroughMemory(_ from: Int32, _ to: Int32, _ position: Int64, _ count: Int) throws(Errno) -> Int {
        let wanted = min(count, buffer.count)
        let got = try Errno.retrying("read") { pread(from, &buffer, wanted, off_t(position)) }
        var done = 0
        while done < got {
            done += try Errno.retrying("write") {
                buffer.withUnsafeBytes { pwrite(to, $0.baseAddress! + done, got - done, off_t(position) + off_t(done)) }
            }
        }
        return got
    }
}
