import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs

/// Writes one blob aside while its digest is computed. Without `finish` nothing stays. Used by one thread.
final class BlobWriter {
    private let store: ContentStore
    private let file: OwnedFD
    private let aside: String
    private var hash = ContentHash()
    private var count: Int64 = 0
    private var isOpen = true

    init(_ store: ContentStore) throws(EngineError) {
        self.store = store
        aside = "\(store.root)/ingest/blob-\(ContentStore.randomName())"
        do {
            file = try Files.open(aside, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        } catch {
            throw .content(error, "a blob can't be written")
        }
    }

    deinit { if isOpen { unlink(aside) } }

    func write(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        do { try Files.writeAll(file.raw, bytes, "blob") } catch { throw .content(error, "a blob can't be written") }
        hash.update(bytes)
        count += Int64(bytes.count)
    }

    func write(_ bytes: [UInt8]) throws(EngineError) {
        var failure: EngineError?
        bytes.withUnsafeBytes { bytes in do throws(EngineError) { try write(bytes) } catch { failure = error } }
        if let failure { throw failure }
    }

    /// Durable when it returns. - Throws: `.dataCorrupted` when the digest is not `expected`.
    func finish(expecting expected: Digest? = nil) throws(EngineError) -> (digest: Digest, size: Int64) {
        let digest = hash.digest()
        if let expected, expected != digest {
            throw EngineError(.dataCorrupted, "content with the digest \(digest) was given as \(expected)")
        }
        // One that was cut short is replaced.
        if (try? store.size(digest)) != count {
            do {
                try FailPoint.before("blob.sync")
                try Errno.check("fsync", fsync(file.raw))
                try store.adopt(aside, as: digest)
            } catch {
                throw .content(error, "blob \(digest) can't be stored")
            }
            isOpen = false
        }
        return (digest, count)
    }
}

extension ContentStore {
    /// Makes a synced file the blob `digest`.
    func adopt(_ path: String, as digest: Digest) throws(Errno) {
        try FailPoint.before("blob.rename")
        try Errno.check("rename", rename(path, self.path(digest)))
        try FailPoint.before("blob.folder.sync")
        try Files.syncDirectory("\(root)/blobs/sha256")
        FailPoint.after("blob.folder.sync")
    }
}
