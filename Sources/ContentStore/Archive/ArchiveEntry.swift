import CArchive
import Glibc

/// One entry's header, borrowed from its reader.
struct ArchiveEntry {
    enum Kind { case file, folder, symbolicLink, hardLink, characterDevice, blockDevice, fifo, other }
    let raw: OpaquePointer

    /// NUL-ended bytes as the archive has them; nil: none.
    var path: UnsafePointer<CChar>? { archive_entry_pathname(raw) }
    /// For messages.
    var name: String { path.map { String(cString: $0) } ?? "" }
    /// Of a hard link (a path in the archive) or a symbolic link.
    var target: UnsafePointer<CChar>? { archive_entry_hardlink(raw) ?? archive_entry_symlink(raw) }

    var kind: Kind {
        if archive_entry_hardlink(raw) != nil { return .hardLink }
        switch archive_entry_filetype(raw) {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        case S_IFLNK: return .symbolicLink
        case S_IFCHR: return .characterDevice
        case S_IFBLK: return .blockDevice
        case S_IFIFO: return .fifo
        default: return .other
        }
    }

    /// Permission bits with set-id and sticky.
    var mode: mode_t { archive_entry_perm(raw) & 0o7777 }
    var owner: uid_t { uid_t(truncatingIfNeeded: archive_entry_uid(raw)) }
    var group: gid_t { gid_t(truncatingIfNeeded: archive_entry_gid(raw)) }
    /// Bytes.
    var size: Int64 { archive_entry_size(raw) }
    var device: dev_t { archive_entry_rdev(raw) }

    /// Access and modification time, which are the same.
    var times: [timespec] {
        guard archive_entry_mtime_is_set(raw) != 0 else { return [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: 0)] }
        let time = timespec(tv_sec: archive_entry_mtime(raw), tv_nsec: archive_entry_mtime_nsec(raw))
        return [time, time]
    }

    /// Calls `body` with each extended attribute, but those in which overlayfs keeps its own state: from an archive
    /// they could redirect a folder.
    func forEachAttribute(_ body: (UnsafePointer<CChar>, UnsafeRawBufferPointer) throws -> Void) rethrows {
        archive_entry_xattr_reset(raw)
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while archive_entry_xattr_next(raw, &name, &value, &count) == ARCHIVE_OK {
            guard let name, !Self.belongsToOverlay(name) else { continue }
            try body(name, UnsafeRawBufferPointer(start: value, count: count))
        }
    }

    private static func belongsToOverlay(_ name: UnsafePointer<CChar>) -> Bool {
        strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0
    }
}
