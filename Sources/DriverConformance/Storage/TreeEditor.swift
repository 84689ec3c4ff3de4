import CLinux
import Glibc
import LinuxSystem

/// Changes a folder and its model alike.
struct TreeEditor {
    let root: String
    var model: ModelTree
    private var clock: Int64 = Line.epoch

    init(_ root: String, _ model: ModelTree) {
        self.root = root
        self.model = model
        clock += Int64(model.layer) * 1_000_000_000_000
    }

    private func full(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    /// Sets a time that no other change has.
    private mutating func stamp(_ path: String) throws {
        clock += 1_000_003
        if model[path].kind == .folder { return }
        model[path].time = clock
        let time = timespec(tv_sec: Int(clock / 1_000_000_000), tv_nsec: Int(clock % 1_000_000_000))
        try Errno.check("set the time of \(path)", utimensat(AT_FDCWD, full(path), [time, time], AT_SYMLINK_NOFOLLOW))
    }

    mutating func makeFolder(_ path: String, mode: UInt32 = 0o755) throws {
        try Errno.check("mkdir \(path)", mkdir(full(path), 0o700))
        try Errno.check("chmod \(path)", chmod(full(path), mode))
        model.add(path, .folder, mode: mode, time: 0)
    }

    mutating func makeFile(_ path: String, _ bytes: [UInt8] = [], mode: UInt32 = 0o644) throws {
        _ = try Files.open(full(path), O_WRONLY | O_CREAT | O_EXCL)
        try Errno.check("chmod \(path)", chmod(full(path), mode))
        model.add(path, .file, mode: mode, time: 0)
        if bytes.isEmpty { try stamp(path) } else { try write(path, at: 0, bytes) }
    }

    mutating func makeSpecial(_ path: String, _ kind: ModelTree.Kind) throws {
        switch kind {
        case .link(let target): try Errno.check("symlink \(path)", symlink(target, full(path)))
        case .device(let major, let minor): try Errno.check("mknod \(path)", mknod(full(path), S_IFCHR | 0o600, gantry_makedev(major, minor)))
        default: try Errno.check("mkfifo \(path)", mkfifo(full(path), 0o600))
        }
        let isLink = if case .link = kind { true } else { false }
        if !isLink { try Errno.check("chmod \(path)", chmod(full(path), 0o600)) }
        model.add(path, kind, mode: isLink ? 0o777 : 0o600, time: 0)
        try stamp(path)
    }

    mutating func write(_ path: String, at offset: Int, _ bytes: [UInt8]) throws {
        let file = try Files.open(full(path), O_WRONLY)
        try Errno.check("seek", lseek(file.raw, off_t(offset), SEEK_SET))
        try bytes.withUnsafeBytes { try Files.writeAll(file.raw, $0, path) }
        model.write(path, at: offset, bytes)
        // Writing takes these away.
        if model[path].mode & 0o6000 != 0 { try setMode(path, model[path].mode) }
        try stamp(path)
    }

    mutating func resize(_ path: String, _ size: Int) throws {
        try Errno.check("truncate \(path)", truncate(full(path), off_t(size)))
        model.truncate(path, size)
        if model[path].mode & 0o6000 != 0 { try setMode(path, model[path].mode) }
        try stamp(path)
    }

    mutating func setMode(_ path: String, _ mode: UInt32) throws {
        try Errno.check("chmod \(path)", chmod(full(path), mode))
        model[path].mode = mode
    }

    mutating func setOwner(_ path: String, _ user: UInt32, _ group: UInt32) throws {
        try Errno.check("chown \(path)", lchown(full(path), user, group))
        model[path].user = user
        model[path].group = group
        if case .link = model[path].kind { return }
        try setMode(path, model[path].mode)
    }

    mutating func setAttribute(_ path: String, _ name: String, _ value: [UInt8]) throws {
        try Errno.check("set \(name) of \(path)", lsetxattr(full(path), name, value, value.count, 0))
        model[path].attributes[name] = value
    }

    mutating func removeAttribute(_ path: String, _ name: String) throws {
        if lremovexattr(full(path), name) != 0 && errno != ENODATA { throw Errno(errno, "remove \(name) of \(path)") }
        model[path].attributes[name] = nil
    }

    mutating func makeLink(_ from: String, _ to: String) throws {
        try Errno.check("link \(from) to \(to)", link(full(from), full(to)))
        model.link(from, to)
    }

    mutating func move(_ from: String, _ to: String) throws {
        try Errno.check("rename \(from) to \(to)", rename(full(from), full(to)))
        model.rename(from, to)
    }

    /// A name and what is below it.
    mutating func remove(_ path: String) throws {
        try Files.removeTree(full(path))
        model.remove(path)
    }
}
