public import EngineErrors
import Glibc
import LinuxSystem
public import OCISpecs

/// Content by its digest: `<root>/blobs/sha256/<hex>`. What arrives is written aside in `<root>/ingest`, synced and
/// renamed, so a blob is whole or not there. Layers are kept uncompressed, under the digest that image configurations
/// name. Every call blocks, except where it is `async`.
public final class ContentStore: Sendable {
    public let root: String

    /// Makes the folders and removes what an earlier process left half written.
    public init(root: String) throws(EngineError) {
        self.root = root
        do {
            try Files.makeDirectories("\(root)/ingest")
            try Files.makeDirectories("\(root)/blobs/sha256")
        } catch {
            throw .content(error, "the content store \(root) can't be opened")
        }
        // What can't be removed is found by the check.
        for name in incoming() { try? removeIncoming(name) }
    }

    public func path(_ digest: Digest) -> String { "\(root)/blobs/sha256/\(digest.hex)" }

    public func contains(_ digest: Digest) -> Bool { Files.exists(path(digest)) }

    /// Bytes. - Throws: `.notFound`.
    public func size(_ digest: Digest) throws(EngineError) -> Int64 {
        var status = stat()
        guard stat(path(digest), &status) == 0 else { throw missing(digest) }
        return Int64(status.st_size)
    }

    /// A small blob. - Throws: `.notFound`.
    public func read(_ digest: Digest) throws(EngineError) -> [UInt8] {
        guard contains(digest) else { throw missing(digest) }
        do { return try Files.read(path(digest)) } catch { throw .content(error, "blob \(digest) can't be read") }
    }

    func open(_ digest: Digest) throws(EngineError) -> OwnedFD {
        guard contains(digest) else { throw missing(digest) }
        do { return try Files.open(path(digest), O_RDONLY) } catch { throw .content(error, "blob \(digest) can't be opened") }
    }

    /// Durable when it returns.
    public func write(_ bytes: [UInt8]) throws(EngineError) -> Digest {
        let writer = try BlobWriter(self)
        try writer.write(bytes)
        return try writer.finish().digest
    }

    /// Missing is fine.
    public func remove(_ digest: Digest) throws(EngineError) {
        do { try FailPoint.before("blob.remove") } catch { throw .content(error, "blob \(digest)") }
        if unlink(path(digest)) != 0 && errno != ENOENT { throw .content(Errno(errno, "remove"), "blob \(digest)") }
    }

    /// Every blob.
    public func digests() throws(EngineError) -> [Digest] {
        do {
            return try Files.list("\(root)/blobs/sha256").compactMap { Digest(hex: $0) }
        } catch {
            throw .content(error, "the blobs can't be listed")
        }
    }

    /// Whether a blob is not what its name says; reads all of it. One that has gone is not.
    public func isDamaged(_ digest: Digest) throws(EngineError) -> Bool {
        guard contains(digest) else { return false }
        let input = ArchiveInput(try open(digest), hashing: true)
        let found = input.digest()
        // What can't be read is damaged as well.
        return found != digest && contains(digest)
    }

    /// Names of what is coming in, or came in and was left.
    public func incoming() -> [String] { ((try? Files.list("\(root)/ingest")) ?? []).filter(Self.isIncoming).sorted() }

    /// The name of a blob that comes in, or of a folder for more.
    public static func isIncoming(_ name: String) -> Bool { name.hasPrefix("blob-") || name.hasPrefix("folder-") }

    public func removeIncoming(_ name: String) throws(EngineError) {
        do { try Files.removeTree("\(root)/ingest/\(name)") } catch { throw .content(error, "\(root)/ingest/\(name) can't be removed") }
    }

    /// A new folder beside the blobs, on the same file system.
    func makeIngestFolder() throws(EngineError) -> String {
        let path = "\(root)/ingest/folder-\(Self.randomName())"
        do { try Files.makeDirectory(path) } catch { throw .content(error, "the content store can't take content") }
        return path
    }

    static func randomName() -> String { String(UInt64.random(in: 0 ... .max), radix: 36) }

    private func missing(_ digest: Digest) -> EngineError {
        EngineError(.notFound, "blob \(digest) is missing from the content store; load the image again")
    }
}
