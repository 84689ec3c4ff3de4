import CLinux
import Glibc

/// Extended attributes, xattr(7).
public enum ExtendedAttributes {
    /// On an open file or folder.
    public static func set(_ descriptor: Int32, _ name: UnsafePointer<CChar>, _ value: UnsafeRawBufferPointer) throws(Errno) {
        if fsetxattr(descriptor, name, value.baseAddress, value.count, 0) != 0 { throw Errno(Glibc.errno, "set \(String(cString: name))") }
    }

    /// On an open file or folder, a short text.
    public static func set(_ descriptor: Int32, _ name: String, _ value: StaticString) throws(Errno) {
        try set(descriptor, name, UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    /// Bytes of the attribute of the file at `path`; nil: it has none of that name.
    public static func size(_ path: String, _ name: String) -> Int? {
        let size = lgetxattr(path, name, nil, 0)
        return size < 0 ? nil : size
    }

    /// On the entry `name` of the open folder `folder`, a symbolic link itself and not what it names.
    public static func set(_ folder: Int32, entry: UnsafePointer<CChar>, _ name: UnsafePointer<CChar>, _ value: UnsafeRawBufferPointer) throws(Errno) {
        var path = Array("/proc/self/fd/\(folder)/".utf8CString.dropLast())
        path += UnsafeBufferPointer(start: entry, count: strlen(entry) + 1)
        if lsetxattr(path, name, value.baseAddress, value.count, 0) != 0 { throw Errno(Glibc.errno, "set \(String(cString: name))") }
    }
}
