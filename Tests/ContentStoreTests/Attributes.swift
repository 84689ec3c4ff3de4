import CLinux

/// An extended attribute's text; nil: there is none.
func attribute(_ path: String, _ name: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = lgetxattr(path, name, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
}
