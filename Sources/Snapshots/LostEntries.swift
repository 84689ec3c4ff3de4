import DriverKit
import Glibc
import LinuxSystem

/// The folder `lost`: entries of the index that could not be read, and those of committed snapshots whose folder is
/// gone. The latter are known by their keys, so that a layer that is made again takes its old place.
struct LostEntries {
    private let folder: String

    init(_ state: String) { folder = "\(state)/lost" }

    func path(_ key: String) -> String { "\(folder)/\(key)" }

    /// A name that nothing has yet.
    func free(_ name: String) -> String {
        var path = path(name), attempt = 1
        while Files.exists(path) {
            attempt += 1
            path = "\(folder)/\(name)-\(attempt)"
        }
        return path
    }

    /// - Parameter fault: why, as the end of a sentence.
    func take(_ path: String, as name: String, because fault: String) throws(Errno) {
        let aside = free(name)
        try Errno.check("set aside \(path)", rename(path, aside))
        Driver.log(.warning, "\(path) was set aside as \(aside): \(fault)")
    }

    /// What was set aside before. - Returns: the entries by key, and whether there is anything that can't be read.
    func load() throws(Errno) -> (entries: [String: IndexEntry], hasUnreadable: Bool) {
        try Files.makeDirectories(folder)
        var entries: [String: IndexEntry] = [:], hasUnreadable = false
        for key in try Files.list(folder) {
            if let entry = IndexEntry(link: path(key)) { entries[key] = entry } else if !key.hasPrefix("folder-") { hasUnreadable = true }
        }
        return (entries, hasUnreadable)
    }

    func forget(_ key: String) { unlink(path(key)) }
}

extension IndexEntry {
    /// nil: no such link, or its text is no entry.
    init?(link path: String) {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        self.init(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
