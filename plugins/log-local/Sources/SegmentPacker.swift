import Glibc
import Gzip
import LinuxSystem
import LogKit

/// Compresses full segments on a thread of its own: the container's output does not wait for it.
///
/// Each block is compressed by itself, so that a reader decompresses only those that it wants.
final class SegmentPacker: Sendable {
    private struct State {
        var waiting = Queue<UInt64>()
        var isClosing = false
        var thread: JoinableThread?
    }

    private let segments: Segments
    private let state = WaitingLock(State())

    init(_ segments: Segments) { self.segments = segments }

    func add(_ number: UInt64) {
        state.withLock { state in
            state.waiting.append(number)
            // Without a thread the segment stays as it is.
            if state.thread == nil { state.thread = try? JoinableThread("log-compress") { [self] in run() } }
        }
        state.wakeOne()
    }

    /// Ends; what is not compressed yet stays as it was, for the next time.
    func close() {
        let thread = state.withLock { state in
            state.isClosing = true
            return state.thread
        }
        state.wakeOne()
        thread?.join()
    }

    private var isClosing: Bool { state.withLock { $0.isClosing } }

    private func run() {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        while let number = next() {
            do throws(Errno) { try pack(number) } catch { unlink("\(segments.packed(number)).tmp") }
        }
    }

    private func next() -> UInt64? {
        enum Next {
            case pack(UInt64), end
        }
        let next: Next = state.wait(woken: { _ in }) { state in
            if state.isClosing { return .end }
            return state.waiting.popFirst().map { .pack($0) }
        }
        guard case .pack(let number) = next else { return nil }
        return number
    }

    private func pack(_ number: UInt64) throws(Errno) {
        guard let reader = try SegmentReader(number, segments) else { return }
        let aside = "\(segments.packed(number)).tmp", target = try StoredFile(aside, O_WRONLY | O_CREAT | O_TRUNC), buffer = ByteBuffer(capacity: 2 * Block.size)
        var place = Segments.headerSize, index: [UInt8] = []
        try write(Segments.header(Segments.packedMark, number), to: target)
        for block in reader.blocks {
            if isClosing { throw Errno(ECANCELED) }
            guard try reader.load(block, into: buffer) else { throw Errno(EBADMSG) }
            let packed = Gzip.packed(buffer.bytes)
            try write(packed, to: target)
            var stored = block
            stored.storedOffset = place
            stored.storedLength = packed.count
            index += stored.encoded
            place += packed.count
        }
        try write(index + PackedFooter(offset: place, count: reader.blocks.count).encoded, to: target)
        // The plain file goes: what takes its place must be on the disk.
        try Errno.check("fdatasync \(aside)", fdatasync(target.descriptor))
        try Errno.check("rename \(aside)", rename(aside, segments.packed(number)))
        unlink(segments.plain(number))
        unlink(segments.index(number))
    }

    private func write(_ bytes: [UInt8], to file: StoredFile) throws(Errno) { try file.append(bytes) }
}
