import Glibc

/// Who could change what `dlopen` is about to run as root. A file that only root (or this process's own user) can
/// change, in folders of which the same holds, stays what was checked: that, not a descriptor, closes the race.
enum Ownership {
    /// Why the file isn't trusted; nil when it is.
    static func objection(file path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return "it can't be examined: \(String(cString: strerror(errno)))" }
        return objection("the file", status) ?? objection(folder: parent(path))
    }

    /// Why the folder or one above it isn't trusted; nil when they are.
    static func objection(folder path: String) -> String? {
        var folder = path
        while true {
            var status = stat()
            guard lstat(folder, &status) == 0 else { return "the folder \(folder) can't be examined: \(String(cString: strerror(errno)))" }
            guard status.st_mode & S_IFMT == S_IFDIR else { return "\(folder) is no plain folder (symbolic links are not followed)" }
            if let why = objection("the folder \(folder)", status) { return why }
            if folder == "/" { return nil }
            folder = parent(folder)
        }
    }

    private static func objection(_ what: String, _ status: stat) -> String? {
        if status.st_uid != 0 && status.st_uid != geteuid() { return "\(what) is owned by uid \(status.st_uid), not by root" }
        if status.st_mode & 0o022 != 0 {
            return "\(what) is writable by group or others (mode \(String(status.st_mode & 0o7777, radix: 8)))"
        }
        return nil
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
