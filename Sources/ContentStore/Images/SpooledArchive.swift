import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs

/// The members of an image archive as files beside the blobs, for archives come in any order and may be larger than
/// memory. Its folder goes with the value. Used by one thread at a time.
final class SpooledArchive {
    struct Member {
        var path: String
        var size: Int64
        /// Of the bytes as they are in the archive.
        var digest: Digest
    }
    /// An image of a thousand layers has a few thousand members.
    private static let memberLimit = 20_000
    /// Documents are small; a layer in their place must not fill the memory.
    private static let documentLimit: Int64 = 16 << 20

    private let folder: String
    /// Files in it, by number.
    private var files = 0
    private var members: [String: Member] = [:]
    /// Symbolic and hard links: `docker save` of old makes them for layers that images share.
    private var links: [String: String] = [:]

    init(_ store: ContentStore, _ input: ArchiveInput) throws {
        folder = try store.makeIngestFolder()
        let reader = try ArchiveReader(input, .tar, "the image archive")
        while let entry = try reader.next() { try take(entry, reader) }
        input.drain()
    }

    /// Without a descriptor, of which there may be none.
    deinit {
        for number in 0..<files { unlink("\(folder)/\(number)") }
        rmdir(folder)
    }

    private func take(_ entry: ArchiveEntry, _ reader: ArchiveReader) throws {
        guard let raw = entry.path, let path = EntryPath(raw) else {
            throw EngineError(.invalidArgument, "the image archive's entry \"\(entry.name)\" points outside the archive")
        }
        if members.count + links.count >= Self.memberLimit {
            throw EngineError(.invalidArgument, "the archive has more than \(Self.memberLimit) entries, no image has so many; a root file system is imported, not loaded")
        }
        switch entry.kind {
        case .file: members[path.whole.text] = try spool(reader)
        case .hardLink: links[path.whole.text] = entry.target.flatMap { EntryPath($0) }.map { $0.whole.text }
        case .symbolicLink: links[path.whole.text] = entry.target.flatMap { Self.target(of: path, $0) }
        default: return
        }
    }

    /// Inside the archive, or nil.
    private static func target(of path: EntryPath, _ target: UnsafePointer<CChar>) -> String? {
        let text = String(cString: target)
        let joined = text.hasPrefix("/") ? text : "\(path.folder.text)/\(text)"
        return EntryPath(joined).map { $0.whole.text }
    }

    private func spool(_ reader: ArchiveReader) throws -> Member {
        let path = "\(folder)/\(files)"
        files += 1
        let file = try Files.open(path, O_WRONLY | O_CREAT | O_EXCL)
        var hash = ContentHash()
        var end: Int64 = 0
        while let (bytes, offset) = try reader.block() {
            guard offset == end else { throw EngineError(.invalidArgument, "the image archive has a sparse member") }
            try Files.writeAll(file.raw, bytes, "the image archive")
            hash.update(bytes)
            end += Int64(bytes.count)
        }
        return Member(path: path, size: end, digest: hash.digest())
    }

    /// nil: there is none.
    func member(_ path: String) -> Member? {
        guard var name = EntryPath(path).map({ $0.whole.text }) else { return nil }
        for _ in 0..<8 {
            if let member = members[name] { return member }
            guard let next = links[name] else { return nil }
            name = next
        }
        return nil
    }

    /// A document's bytes; nil: there is none.
    func document(_ path: String) throws(EngineError) -> [UInt8]? {
        guard let member = member(path) else { return nil }
        if member.size > Self.documentLimit { throw EngineError(.payloadTooLarge, "\"\(path)\" in the image archive is larger than \(Self.documentLimit >> 20) MiB") }
        do { return try Files.read(member.path) } catch { throw .content(error, "\"\(path)\" can't be read") }
    }
}
