import EngineErrors
import Glibc
import LinuxSystem

/// Unpacks a layer into a tree. Whatever the archive says, nothing outside the tree is read, made or changed: every
/// path is resolved by the kernel inside the tree's root, and names are made in folders that are already open.
///
/// Used by one thread. After an error the tree holds a part of the layer, and its owner drops it.
final class LayerExtractor {
    let tree: Beneath
    let style: WhiteoutStyle
    private(set) var bytes: Int64 = 0
    /// The folder that the last entry was made in.
    private var recent: (path: [CChar], folder: OpenFile)?
    /// Restored at the end: making an entry changes its folder's time.
    private var folderTimes: [(path: [CChar], times: [timespec])] = []
    /// What this layer made; only for `.deleting`, where whiteouts must not hit it.
    private var made: Set<EntryPath> = []

    init(_ root: consuming OwnedFD, _ style: WhiteoutStyle) {
        tree = Beneath(root)
        self.style = style
    }

    /// Everything in the archive. - Returns: bytes of the regular files.
    func extract(_ reader: ArchiveReader) throws(EngineError) -> Int64 {
        while let entry = try reader.next() {
            do {
                try apply(entry, reader)
            } catch {
                throw .content(error, "archive entry \"\(entry.name)\" can't be unpacked")
            }
        }
        for (path, times) in folderTimes.reversed() {
            if let folder = try? tree.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) { futimens(folder.raw, times) }
        }
        return bytes
    }

    private func apply(_ entry: ArchiveEntry, _ reader: ArchiveReader) throws {
        guard let raw = entry.path, raw[0] != 0 else { throw refused(entry, "has no name") }
        guard let path = EntryPath(raw) else { throw refused(entry, "points outside the root file system") }
        if let whiteout = Whiteout(path.name) { return try apply(whiteout, path, entry) }
        if path.isRoot {
            guard entry.kind == .folder else { throw refused(entry, "would replace the root folder") }
            return try finish(folder: tree.open(".", O_RDONLY | O_DIRECTORY), path, entry)
        }
        let folder = try self.folder(path.folder)
        switch entry.kind {
        case .folder: try makeFolder(path, in: folder, entry)
        case .file: try makeFile(path, in: folder, entry, reader)
        case .hardLink: try makeHardLink(path, in: folder, entry)
        case .symbolicLink: try makeSymbolicLink(path, in: folder, entry)
        case .characterDevice: try makeNode(path, in: folder, entry, S_IFCHR)
        case .blockDevice: try makeNode(path, in: folder, entry, S_IFBLK)
        case .fifo: try makeNode(path, in: folder, entry, S_IFIFO)
        case .other: throw refused(entry, "is of a kind that no image may have")
        }
        if case .deleting = style { remember(path) }
    }

    private func refused(_ entry: ArchiveEntry, _ reason: String) -> EngineError {
        EngineError(.invalidArgument, "archive entry \"\(entry.name)\" \(reason)")
    }

    // MARK: kinds of entry

    private func makeFolder(_ path: EntryPath, in folder: OpenFile, _ entry: ArchiveEntry) throws {
        if mkdirat(folder.raw, path.name, 0o700) != 0 {
            guard errno == EEXIST else { throw Errno(errno, "mkdir") }
            if try !isFolder(path.name, in: folder) {
                let hadWhiteout = try removeExisting(path.name, in: folder)
                try Errno.check("mkdir", mkdirat(folder.raw, path.name, 0o700))
                // What lies below was removed and must not shine through the new folder.
                if hadWhiteout { try setOpaque(OpenFile(open(path.name, in: folder))) }
            }
        }
        try finish(folder: open(path.name, in: folder), path, entry)
    }

    private func finish(folder: consuming OwnedFD, _ path: EntryPath, _ entry: ArchiveEntry) throws {
        try setAttributes(folder.raw, entry)
        folderTimes.append((path.whole, entry.times))
    }

    private func makeFile(_ path: EntryPath, in folder: OpenFile, _ entry: ArchiveEntry, _ reader: ArchiveReader) throws {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = try replacing(path.name, in: folder) { openat(folder.raw, path.name, flags, 0o600) }
        let file = OwnedFD(adopting: descriptor)
        try copy(reader, to: file.raw, entry.size)
        try setAttributes(file.raw, entry)
        futimens(file.raw, entry.times)
        bytes += entry.size
    }

    private func copy(_ reader: ArchiveReader, to file: Int32, _ size: Int64) throws {
        var end: Int64 = 0
        while let (bytes, offset) = try reader.block() {
            var done = 0
            while done < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                done += try Errno.retrying("write") { pwrite(file, rest.baseAddress, rest.count, off_t(offset) + off_t(done)) }
            }
            end = max(end, offset + Int64(bytes.count))
        }
        if end < size { try Errno.check("set the size", ftruncate(file, off_t(size))) }
    }

    private func makeHardLink(_ path: EntryPath, in folder: OpenFile, _ entry: ArchiveEntry) throws {
        guard let raw = entry.target, let target = EntryPath(raw), !target.isRoot else {
            throw refused(entry, "is a hard link that points outside the root file system")
        }
        if target == path { throw refused(entry, "is a hard link to itself") }
        let source: OpenFile
        do { source = OpenFile(try tree.open(target.folder, O_RDONLY | O_DIRECTORY)) } catch { throw noTarget(entry, raw) }
        var status = stat()
        guard fstatat(source.raw, target.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw noTarget(entry, raw) }
        _ = try replacing(path.name, in: folder) { linkat(source.raw, target.name, folder.raw, path.name, 0) }
    }

    private func noTarget(_ entry: ArchiveEntry, _ target: UnsafePointer<CChar>) -> EngineError {
        refused(entry, "is a hard link to \"\(String(cString: target))\", which is not in the archive before it")
    }

    private func makeSymbolicLink(_ path: EntryPath, in folder: OpenFile, _ entry: ArchiveEntry) throws {
        guard let target = entry.target, target[0] != 0 else { throw refused(entry, "is a symbolic link to nothing") }
        guard path.holdsLink(to: target) else {
            throw refused(entry, "is a symbolic link that points outside the root file system (\"\(String(cString: target))\")")
        }
        _ = try replacing(path.name, in: folder) { symlinkat(target, folder.raw, path.name) }
        try Errno.check("chown", fchownat(folder.raw, path.name, entry.owner, entry.group, AT_SYMLINK_NOFOLLOW))
        try setAttributes(ofEntry: path.name, in: folder, entry)
        utimensat(folder.raw, path.name, entry.times, AT_SYMLINK_NOFOLLOW)
    }

    private func makeNode(_ path: EntryPath, in folder: OpenFile, _ entry: ArchiveEntry, _ kind: mode_t) throws {
        let device = kind == S_IFIFO ? 0 : entry.device
        _ = try replacing(path.name, in: folder) { mknodat(folder.raw, path.name, kind | 0o600, device) }
        try Errno.check("chown", fchownat(folder.raw, path.name, entry.owner, entry.group, AT_SYMLINK_NOFOLLOW))
        try setAttributes(ofEntry: path.name, in: folder, entry)
        try Errno.check("chmod", fchmodat(folder.raw, path.name, entry.mode, 0))
        utimensat(folder.raw, path.name, entry.times, AT_SYMLINK_NOFOLLOW)
    }

    // MARK: attributes

    /// Owner first: changing it clears set-id bits and capabilities.
    private func setAttributes(_ descriptor: Int32, _ entry: ArchiveEntry) throws {
        try Errno.check("chown", fchown(descriptor, entry.owner, entry.group))
        try Errno.check("chmod", fchmod(descriptor, entry.mode))
        try entry.forEachAttribute { name, value in
            try tolerating { () throws(Errno) in try ExtendedAttributes.set(descriptor, name, value) }
        }
    }

    private func setAttributes(ofEntry name: [CChar], in folder: OpenFile, _ entry: ArchiveEntry) throws {
        try entry.forEachAttribute { attribute, value in
            try tolerating { () throws(Errno) in try ExtendedAttributes.set(folder.raw, entry: name, attribute, value) }
        }
    }

    /// A file system need not know every kind of attribute, nor a link or a device carry it.
    private func tolerating(_ body: () throws(Errno) -> Void) throws {
        do throws(Errno) { try body() } catch { if error.code != ENOTSUP && error.code != EPERM { throw error } }
    }

    // MARK: folders

    /// The open folder at `path`, made with its parents when it is missing.
    private func folder(_ path: [CChar]) throws -> OpenFile {
        if let recent, recent.path == path { return recent.folder }
        let folder = try openOrMake(path)
        recent = (path, folder)
        return folder
    }

    private func openOrMake(_ path: [CChar]) throws -> OpenFile {
        if let folder = try existing(path) { return folder }
        guard let place = EntryPath(path), !place.isRoot else { throw Errno(ENOENT, "open the root folder") }
        let parent = try openOrMake(place.folder)
        try Errno.check("mkdir", mkdirat(parent.raw, place.name, 0o755))
        let made = OpenFile(try open(place.name, in: parent))
        try Errno.check("chmod", fchmod(made.raw, 0o755))
        if case .overlay(let lower) = style { copyAttributes(of: path, from: lower, to: made.raw) }
        return made
    }

    /// A folder that the archive doesn't describe must not change the one that it covers.
    private func copyAttributes(of path: [CChar], from lower: [String], to descriptor: Int32) {
        for root in lower {
            guard let layer = try? Beneath(opening: root), let folder = try? layer.open(path, O_RDONLY | O_DIRECTORY) else { continue }
            var status = stat()
            guard fstat(folder.raw, &status) == 0 else { continue }
            fchown(descriptor, status.st_uid, status.st_gid)
            fchmod(descriptor, status.st_mode & 0o7777)
            return
        }
    }

    private func open(_ name: [CChar], in folder: OpenFile) throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try Errno.check("open", openat(folder.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
    }

    // MARK: what is there already

    /// Calls `make` again after removing what stands in its way.
    private func replacing(_ name: [CChar], in folder: OpenFile, _ make: () -> Int32) throws -> Int32 {
        let first = make()
        if first != -1 { return first }
        guard errno == EEXIST else { throw Errno(errno, "make it") }
        _ = try removeExisting(name, in: folder)
        return try Errno.check("make it", make())
    }

    private func isFolder(_ name: [CChar], in folder: OpenFile) throws -> Bool {
        var status = stat()
        try Errno.check("look at it", fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW))
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// - Returns: whether it was an overlay's whiteout.
    private func removeExisting(_ name: [CChar], in folder: OpenFile) throws -> Bool {
        var status = stat()
        try Errno.check("look at it", fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW))
        try TreeRemoval.remove(name, in: folder.raw, path: name.text)
        recent = nil
        return status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0
    }

    // MARK: whiteouts

    private func apply(_ whiteout: Whiteout, _ path: EntryPath, _ entry: ArchiveEntry) throws {
        guard whiteout.isSound else { throw refused(entry, "is a whiteout of no entry of its folder") }
        switch (whiteout, style) {
        case (.metadata, _), (_, .ignored): return
        case (.name(let name), .overlay): try makeWhiteout(Array(name) + [0], in: folder(path.folder))
        case (.opaque, .overlay(let lower)): try makeOpaque(path, lower)
        case (.name(let name), .deleting): try delete(path.sibling(name))
        case (.opaque, .deleting): try deleteChildren(path)
        }
    }

    /// What the same layer made stays.
    private func makeWhiteout(_ name: [CChar], in folder: OpenFile) throws {
        if mknodat(folder.raw, name, S_IFCHR, 0) != 0 && errno != EEXIST { throw Errno(errno, "make a whiteout") }
    }

    private func makeOpaque(_ path: EntryPath, _ lower: [String]) throws {
        let folder = try self.folder(path.folder)
        guard path.folder == EntryPath.root else { return try setOpaque(folder) }
        // The roots of an overlay's layers always merge.
        for name in try lower.flatMap({ root throws(Errno) in try Files.list(root) }) {
            try makeWhiteout(Array(name.utf8CString), in: folder)
        }
    }

    private func setOpaque(_ folder: OpenFile) throws { try ExtendedAttributes.set(folder.raw, "trusted.overlay.opaque", "y") }

    private func delete(_ path: EntryPath) throws {
        if made.contains(path) { return }
        guard let folder = try existing(path.folder) else { return }
        try TreeRemoval.remove(path.name, in: folder.raw, path: path.name.text)
        recent = nil
    }

    private func deleteChildren(_ marker: EntryPath) throws {
        guard let folder = try existing(marker.folder) else { return }
        for name in try Files.list("/proc/self/fd/\(folder.raw)") { try delete(marker.sibling(Array(name.utf8CString).dropLast())) }
    }

    /// nil: missing.
    private func existing(_ path: [CChar]) throws -> OpenFile? {
        do throws(Errno) {
            return OpenFile(try tree.open(path, O_RDONLY | O_DIRECTORY))
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    private func remember(_ path: EntryPath) {
        var next: EntryPath? = path
        while let place = next, made.insert(place).inserted { next = place.parent }
    }
}
