import LinuxSystem

/// The file `exit` in a running container's folder: exit status and time (ns since 1970), which its shim writes.
enum ExitFile {
    static func read(_ folder: String) -> (code: Int32, time: Int64)? {
        guard let bytes = try? Files.read("\(folder)/exit") else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard parts.count == 2, let code = Int32(parts[0]), let time = Int64(parts[1]) else { return nil }
        return (code, time)
    }
}
