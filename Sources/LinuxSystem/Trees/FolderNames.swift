import CLinux
import Glibc

/// What lies in an open folder.
enum FolderNames {
    /// NUL-ended names, without "." and "..". Reads from the begin, whatever was read from `folder` before.
    static func list(_ folder: Int32) throws(Errno) -> [[CChar]] {
        let descriptor = try Errno.check("list", openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard let stream = fdopendir(descriptor) else {
            let code = Glibc.errno
            close(descriptor)
            throw Errno(code, "list")
        }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
            }
            if name != [0x2e, 0] && name != [0x2e, 0x2e, 0] { names.append(name) }
        }
        return names
    }
}

extension [CChar] {
    /// NUL-ended bytes as text, for messages.
    var text: String { String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
