import CLinux
import Glibc
import LinuxSystem

/// What of a tree is compared.
struct TreeAspects: OptionSet, Sendable {
    let rawValue: Int
    /// Which names are of one file.
    static let links = TreeAspects(rawValue: 1)
    /// Extended attributes.
    static let attributes = TreeAspects(rawValue: 2)
    static let all: TreeAspects = [.links, .attributes]
}

/// A tree as text, one line for each name, from a model or from a folder: equal trees have equal lines.
enum TreeLines {
    static func of(_ model: ModelTree, _ aspects: TreeAspects = .all) -> [String] {
        var first: [Int: String] = [:]
        return model.names.keys.sorted().map { path in
            let inode = model[path], number = model.names[path] ?? 0
            var content: UInt64 = 0
            for (block, bytes) in inode.blocks { content ^= hash(block, bytes[...]) }
            var facts = "\(name(path)) mode \(octal(inode.mode)) owner \(inode.user):\(inode.group)"
            if aspects.contains(.attributes) { facts += text(inode.attributes) }
            let twin = first[number] ?? path
            first[number] = twin
            switch inode.kind {
            case .folder: return "\(facts) folder"
            case .file: facts += " file of \(inode.size) bytes, contents \(String(content, radix: 16))"
            case .fifo: facts += " fifo"
            case .link(let target): facts += " link to \(target)"
            case .device(let major, let minor): facts += " device \(major):\(minor)"
            }
            return facts + " time \(inode.time)" + (aspects.contains(.links) && twin != path ? " same as \(name(twin))" : "")
        }
    }

    static func of(_ root: String, _ aspects: TreeAspects = .all) throws -> [String] {
        var first: [String: String] = [:]
        return try ([""] + Folder.all(root)).sorted().map { path in
            let full = path.isEmpty ? root : "\(root)/\(path)"
            guard let status = Folder.status(full) else { throw Outcome.failed("\(name(path)) is listed and can't be looked at: \(String(cString: strerror(errno)))") }
            let mode = status.st_mode & S_IFMT == S_IFLNK ? 0o777 : status.st_mode & 0o7777
            var facts = "\(name(path)) mode \(octal(mode)) owner \(status.st_uid):\(status.st_gid)"
            if aspects.contains(.attributes) { facts += text(try attributes(full)) }
            let inode = "\(status.st_dev):\(status.st_ino)", twin = first[inode] ?? path
            first[inode] = twin
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return "\(facts) folder"
            case S_IFREG: facts += " file of \(status.st_size) bytes, contents \(String(try contents(full), radix: 16))"
            case S_IFIFO: facts += " fifo"
            case S_IFLNK: facts += " link to \(target(full))"
            default: facts += " device \(gantry_major(status.st_rdev)):\(gantry_minor(status.st_rdev))"
            }
            let time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            return facts + " time \(time)" + (aspects.contains(.links) && twin != path ? " same as \(name(twin))" : "")
        }
    }

    /// - Throws: the first difference.
    static func same(_ root: String, _ model: ModelTree, _ what: String, _ aspects: TreeAspects = .all) throws {
        let wanted = of(model, aspects), found = try of(root, aspects)
        if found == wanted { return }
        let place = zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(found.count, wanted.count)
        let missing = place < wanted.count ? wanted[place] : "nothing more", seen = place < found.count ? found[place] : "nothing more"
        throw Outcome.failed("\(what): of \(wanted.count) names the first that differs was expected to be\n\(missing)\nand is\n\(seen)")
    }

    private static func name(_ path: String) -> String { path.isEmpty ? "/" : path }
    private static func octal(_ mode: UInt32) -> String { String(mode, radix: 8) }

    private static func text(_ attributes: [String: [UInt8]]) -> String {
        attributes.sorted { $0.key < $1.key }.map { " \($0.key)=\(Lines.show($0.value))" }.joined()
    }

    private static func attributes(_ path: String) throws -> [String: [UInt8]] {
        var names = [CChar](repeating: 0, count: 65536)
        let count = llistxattr(path, &names, names.count)
        if count < 0 && errno == ENOTSUP { return [:] }
        try Errno.check("list the attributes of \(path)", count)
        var result: [String: [UInt8]] = [:]
        for name in names[..<count].split(separator: 0) {
            let name = String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // The overlay file system's and the security module's own.
            if name.hasPrefix("trusted.overlay") || name == "security.selinux" { continue }
            var value = [UInt8](repeating: 0, count: 4096)
            let size = try Errno.check("read \(name) of \(path)", lgetxattr(path, name, &value, value.count))
            result[name] = Array(value[..<size])
        }
        return result
    }

    private static func target(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, 4095)
        return String(decoding: buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func contents(_ path: String) throws -> UInt64 {
        let file = try Files.open(path, O_RDONLY | O_NOFOLLOW)
        var block = [UInt8](repeating: 0, count: ModelTree.blockSize), number = 0, result: UInt64 = 0
        while true {
            let count = try Errno.check("read \(path)", read(file.raw, &block, block.count))
            if count == 0 { return result }
            result ^= hash(number, block[..<count])
            number += 1
        }
    }

    /// Of a block; 0 for zeros, and zeros at its end count nothing.
    private static func hash(_ number: Int, _ bytes: ArraySlice<UInt8>) -> UInt64 {
        guard let last = bytes.lastIndex(where: { $0 != 0 }) else { return 0 }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(number)
        for byte in bytes[...last] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
