import Glibc
import LinuxSystem

/// Where an archive's bytes come from; both block. Used by one thread.
final class ArchiveInput {
    private enum Origin { case file(OpenFile), stream(Handover) }
    private let origin: Origin
    /// Stays valid until the next read: libarchive reads in it.
    private var chunk: UnsafeMutableRawBufferPointer
    private(set) var failure: (any Error)?
    private var hasEnded = false

    init(_ file: consuming OwnedFD) {
        origin = .file(OpenFile(file))
        chunk = .allocate(byteCount: 256 << 10, alignment: 16)
    }

    init(_ stream: Handover) {
        origin = .stream(stream)
        chunk = .allocate(byteCount: 0, alignment: 16)
    }

    deinit { chunk.deallocate() }

    /// The next bytes, empty at the end; nil: `failure`.
    func next() -> UnsafeRawBufferPointer? {
        do {
            switch origin {
            case .file(let descriptor):
                let count = try Errno.retrying("read") { Glibc.read(descriptor.raw, chunk.baseAddress, chunk.count) }
                return UnsafeRawBufferPointer(rebasing: chunk[..<count])
            case .stream(let stream):
                guard let bytes = try nextChunk(stream) else { return UnsafeRawBufferPointer(rebasing: chunk[..<0]) }
                return keep(bytes)
            }
        } catch {
            failure = error
            return nil
        }
    }

    /// Reads a stream to its end, so that its sender isn't cut off while he sends an archive's padding.
    func drain() {
        while let bytes = next(), !bytes.isEmpty {}
    }

    private func nextChunk(_ stream: Handover) throws -> [UInt8]? {
        while !hasEnded {
            guard let bytes = try stream.take() else {
                hasEnded = true
                return nil
            }
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }

    private func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        if chunk.count < bytes.count {
            chunk.deallocate()
            chunk = .allocate(byteCount: bytes.count, alignment: 16)
        }
        bytes.withUnsafeBytes { chunk.copyMemory(from: $0) }
        return UnsafeRawBufferPointer(rebasing: chunk[..<bytes.count])
    }
}
