import LinuxSystem

/// A folder of the machine that the engine runs on.
enum HostFolder {
    /// Names and contents of its files.
    static func files(_ path: String) -> [String: String] {
        var found: [String: String] = [:]
        for name in (try? Files.list(path)) ?? [] {
            if let bytes = try? Files.read("\(path)/\(name)") { found[name] = String(decoding: bytes, as: UTF8.self) }
        }
        return found
    }
}
