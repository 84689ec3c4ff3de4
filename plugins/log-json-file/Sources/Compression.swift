import Glibc
import Gzip
import LinuxSystem
import Synchronization

/// A full file becomes its compressed form, on a thread of its own: the container's output does not wait for it.
final class Compression {
    private let thread: JoinableThread?
    private let isCancelled: CancelFlag

    /// Starts at once.
    /// - Parameter lastTime: of the file's last record, ns; 0: not known.
    init(_ path: String, lastTime: Int64) {
        let isCancelled = CancelFlag()
        self.isCancelled = isCancelled
        // What fails stays uncompressed, and is read all the same.
        thread = try? JoinableThread("log-compress") {
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
            try? Self.run(path, lastTime, isCancelled)
        }
    }

    func wait() { thread?.join() }

    func cancel() {
        isCancelled.value.store(true, ordering: .relaxed)
        thread?.join()
    }

    private static func run(_ path: String, _ lastTime: Int64, _ isCancelled: CancelFlag) throws(Errno) {
        let aside = "\(path).gz.tmp"
        defer { unlink(aside) }
        let plain = try OpenFile(path)
        let target = try Files.open(aside, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640)
        let descriptor = target.raw, facts = CompressedFacts(epoch: plain.epoch, lastTime: lastTime).encoded
        guard try Gzip.compress(plain.descriptor, to: descriptor, extra: facts, isCancelled: { isCancelled.value.load(ordering: .relaxed) }) else { return }
        // The plain file goes: what takes its place must be on the disk.
        try Errno.check("fdatasync \(aside)", fdatasync(descriptor))
        FailPoint.after("json-file.compress")
        try Errno.check("rename \(aside)", rename(aside, "\(path).gz"))
        FailPoint.after("json-file.compress.rename")
        unlink(path)
    }
}

final class CancelFlag: Sendable {
    let value = Atomic(false)
}
