import CLinux
import Glibc

/// Plain file operations on absolute paths of the engine's own folders. What lies inside a container's tree goes
/// through `Beneath`, never through these.
public enum Files {
    public static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try Errno.retrying("open \(path)") { Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    public static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(Errno) {
        try Errno.check("mkdir \(path)", mkdir(path, mode))
    }

    /// The folder and its parents, as far as they are missing.
    public static func makeDirectories(_ path: String, mode: UInt32 = 0o700) throws(Errno) {
        if mkdir(path, mode) == 0 || Glibc.errno == EEXIST { return }
        let code = Glibc.errno
        guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw Errno(code, "mkdir \(path)")
        }
        try makeDirectories(String(path[..<slash]), mode: mode)
        if mkdir(path, mode) != 0 && Glibc.errno != EEXIST { throw Errno(Glibc.errno, "mkdir \(path)") }
    }

    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The absolute path of what exists, without symbolic links.
    public static func realPath(_ path: String) throws(Errno) -> String {
        guard let real = realpath(path, nil) else { throw Errno(Glibc.errno, "realpath \(path)") }
        defer { free(real) }
        return String(cString: real)
    }

    public static func read(_ path: String) throws(Errno) -> [UInt8] {
        try read(try open(path, O_RDONLY), path)
    }

    /// Everything from the descriptor's place to its end. `path` is for the error.
    public static func read(_ file: borrowing OwnedFD, _ path: String) throws(Errno) -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        let descriptor = file.raw
        while true {
            let count = try Errno.retrying("read \(path)") { Glibc.read(descriptor, &buffer, buffer.count) }
            if count == 0 { return result }
            result += buffer[..<count]
        }
    }

    public static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String = "") throws(Errno) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            done += try Errno.retrying("write \(path)") { Glibc.write(descriptor, rest.baseAddress, rest.count) }
        }
    }

    /// Writes aside, optionally syncs, and renames: a reader sees the old file or the new one.
    public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644, durable: Bool = false) throws(Errno) {
        let aside = "\(path).tmp\(getpid())"
        do {
            let file = try open(aside, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            let descriptor = file.raw
            try Errno.check("chmod \(aside)", fchmod(descriptor, mode))
            try writeAll(descriptor, bytes, aside)
            if durable { try Errno.check("fsync \(aside)", fsync(descriptor)) }
            try Errno.check("rename \(aside)", rename(aside, path))
        } catch {
            unlink(aside)
            throw error
        }
        if durable, let slash = path.lastIndex(of: "/") { try syncDirectory(String(path[..<slash])) }
    }

    public static func syncDirectory(_ path: String) throws(Errno) {
        let folder = try open(path, O_RDONLY | O_DIRECTORY)
        try Errno.check("fsync \(path)", fsync(folder.raw))
    }

    private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8], _ path: String) throws(Errno) {
        var failure: Errno?
        bytes.withUnsafeBytes { buffer in
            do throws(Errno) { try writeAll(descriptor, buffer, path) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Names in a folder, without "." and "..", in the kernel's order.
    public static func list(_ path: String) throws(Errno) -> [String] {
        guard let folder = opendir(path) else { throw Errno(Glibc.errno, "open \(path)") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a tree without following symlinks or crossing into other file systems. Missing is fine.
    public static func removeTree(_ path: String) throws(Errno) {
        let parentPath = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
        let parent: OwnedFD
        do { parent = try open(parentPath.isEmpty ? "/" : parentPath, O_RDONLY | O_DIRECTORY) } catch {
            if error.code == ENOENT { return }
            throw error
        }
        try TreeRemoval.remove(name, in: parent.raw, path: path)
    }
}
