import CLinux
import Glibc

/// The extended attributes of one entry of an open folder, read whole; of a symbolic link, its own.
struct AttributeSet: Equatable {
    /// NUL-ended name → value.
    private var values: [[CChar]: [UInt8]] = [:]

    init(_ name: [CChar], in folder: Int32) throws(Errno) {
        let path = Self.path(name, folder)
        let size = llistxattr(path, nil, 0)
        if size == 0 || size < 0 && Glibc.errno == ENOTSUP { return }
        var names = [CChar](repeating: 0, count: max(size, 1))
        let count = try Errno.check("list the attributes", llistxattr(path, &names, names.count))
        for name in names[..<count].split(separator: 0) {
            let name = Array(name) + [0]
            var value = [UInt8](repeating: 0, count: try Errno.check("read \(name.text)", lgetxattr(path, name, nil, 0)))
            if !value.isEmpty { try Errno.check("read \(name.text)", lgetxattr(path, name, &value, value.count)) }
            values[name] = value
        }
    }

    /// Forgets those whose names begin so.
    mutating func drop(_ prefix: String) { values = values.filter { !$0.key.text.hasPrefix(prefix) } }

    /// Gives an entry these attributes and no others. What its file system can't hold is left out.
    func apply(to name: [CChar], in folder: Int32, had old: AttributeSet) throws(Errno) {
        if self == old { return }
        let path = Self.path(name, folder)
        for (name, value) in values where old.values[name] != value {
            if lsetxattr(path, name, value, value.count, 0) != 0 && Glibc.errno != ENOTSUP { throw Errno(Glibc.errno, "set \(name.text)") }
        }
        for name in old.values.keys where values[name] == nil {
            if lremovexattr(path, name) != 0 && Glibc.errno != ENODATA { throw Errno(Glibc.errno, "remove \(name.text)") }
        }
    }

    private static func path(_ name: [CChar], _ folder: Int32) -> [CChar] { Array("/proc/self/fd/\(folder)/".utf8CString.dropLast()) + name }
}
