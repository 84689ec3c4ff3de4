import Glibc
import LinuxSystem

/// What a driver keeps in its folder.
enum Folder {
    /// Paths of everything that is no folder.
    static func files(_ path: String) throws -> [String] {
        try Files.list(path).sorted().flatMap { name -> [String] in
            let entry = "\(path)/\(name)"
            return status(entry).map { $0.st_mode & S_IFMT == S_IFDIR } == true ? try files(entry) : [entry]
        }
    }

    /// Paths of everything, relative to `path`.
    static func all(_ path: String, _ prefix: String = "") throws -> [String] {
        try Files.list(path).sorted().flatMap { name -> [String] in
            let isFolder = status("\(path)/\(name)").map { $0.st_mode & S_IFMT == S_IFDIR } == true
            return ["\(prefix)\(name)"] + (isFolder ? try all("\(path)/\(name)", "\(prefix)\(name)/") : [])
        }
    }

    static func bytes(_ path: String) throws -> Int { try files(path).reduce(0) { $0 + Int(status($1)?.st_size ?? 0) } }

    static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
