import DriverKit
import Glibc
import LinuxSystem
import LogKit

/// A log, open for writing.
final class LogStore {
    private let segments: Segments
    private let options: LocalOptions
    private let packer: SegmentPacker
    private var writer: SegmentWriter
    private let frames = ByteBuffer(capacity: 64 << 10)
    private var facts: [(size: Int, time: Int64, endsLine: Bool)] = []

    init(_ folder: String, _ options: LocalOptions) throws(Errno) {
        try Files.makeDirectories(folder, mode: 0o700)
        segments = Segments(folder: folder)
        packer = SegmentPacker(segments)
        self.options = options
        for name in try Files.list(folder) where name.hasSuffix(".tmp") { unlink("\(folder)/\(name)") }
        let files = try segments.files()
        let plain = Set(files.filter { $0.name.hasSuffix(".log") }.map(\.number)), last = files.map(\.number).max() ?? 0
        // A segment whose compressed form is there only waits for its removal.
        for file in files where file.name.hasSuffix(".logz") && plain.contains(file.number) && file.number != last { unlink(segments.plain(file.number)) }
        let isOpen = plain.contains(last) && !Files.exists(segments.packed(last))
        writer = isOpen ? try SegmentWriter(existing: last, segments) : try SegmentWriter(new: last + 1, segments)
        if options.compresses {
            for number in plain.sorted() where number < writer.number && !Files.exists(segments.packed(number)) { packer.add(number) }
        }
        removeOld()
    }

    /// One write(2) for each batch, and one more for each segment that it fills.
    func write(_ batch: LogBatch) throws(Errno) {
        for line in batch {
            let size = Frame.headerSize + line.bytes.count
            let isEmpty = writer.size == Segments.headerSize && frames.count == 0
            if !isEmpty && writer.size + frames.count + size > options.maximumSize {
                try flush()
                try rotate()
            }
            Frame.append(line, to: frames)
            facts.append((size, line.time, !line.isPartial))
        }
        try flush()
    }

    private func flush() throws(Errno) {
        defer {
            frames.count = 0
            facts.removeAll(keepingCapacity: true)
        }
        if frames.count > 0 { try writer.append(frames, facts) }
    }

    private func rotate() throws(Errno) {
        writer.seal()
        FailPoint.after("local-log.seal")
        let full = writer.number
        writer = try SegmentWriter(new: full + 1, segments)
        FailPoint.after("local-log.rotate")
        if options.compresses { packer.add(full) }
        removeOld()
    }

    private func removeOld() {
        for number in (try? segments.numbers()) ?? [] where number + UInt64(options.maximumFiles) <= writer.number { segments.remove(number) }
    }

    func close() { packer.close() }
}
