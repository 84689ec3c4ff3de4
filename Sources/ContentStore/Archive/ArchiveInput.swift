import Glibc
import LinuxSystem
import OCISpecs

/// Where an archive's bytes come from; both block. Used by one thread.
final class ArchiveInput {
    private enum Origin { case file(OpenFile), stream(Handover) }
    private let origin: Origin
    /// Stays valid until the next read: libarchive reads in it.
    private var chunk: UnsafeMutableRawBufferPointer
    private(set) var failure: (any Error)?
    private var hasEnded = false
    /// Of what was read so far; nil: nobody asks.
    private var hash: ContentHash?

    /// - Parameter hashing: `digest` will be asked for.
    init(_ file: consuming OwnedFD, hashing: Bool = false) {
        if hashing { hash = ContentHash() }
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
                let bytes = UnsafeRawBufferPointer(rebasing: chunk[..<count])
                hash?.update(bytes)
                return bytes
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

    /// Of the whole file, which is read to its end; nil when it can't be read.
    func digest() -> Digest? {
        drain()
        return failure == nil ? hash?.digest() : nil
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
