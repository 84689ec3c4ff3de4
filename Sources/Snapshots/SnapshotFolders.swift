import Glibc
public import LinuxSystem

/// `s/<number>/fs` with a snapshot's files; numbers in base 36 to keep names short.
public struct SnapshotFolders: Sendable {
    /// The driver's state directory.
    public let state: String

    /// Makes the folder of folders.
    public init(_ state: String) throws(Errno) {
        self.state = state
        try Files.makeDirectories("\(state)/s")
    }

    /// Seen from the state directory.
    public static func content(_ number: Int) -> String { "s/\(String(number, radix: 36))/fs" }

    public func path(_ number: Int) -> String { "\(state)/\(Self.content(number))" }
    /// In which a driver may keep more than the content.
    public func folder(_ number: Int) -> String { "\(state)/s/\(String(number, radix: 36))" }

    public func exists(_ number: Int) -> Bool { Files.exists(path(number)) }

    /// The empty content. Not synced: an active snapshot that a power cut takes was promised to nobody.
    public func makeContent(_ number: Int) throws(Errno) {
        try RootFolder.make(path(number))
    }

    /// Makes the content durable, and everything else that was written to its file system.
    public func sync(_ number: Int) throws(Errno) {
        let content = try Files.open(path(number), O_RDONLY | O_DIRECTORY)
        try FileSystem.sync(content.raw)
    }

    /// What no index entry knows: half made or half removed when the machine stopped. A folder of anybody else's is
    /// none of these.
    public func unknown(_ known: Set<Int>) throws(Errno) -> [Int] {
        try Files.list("\(state)/s").compactMap(number).filter { !known.contains($0) }
    }

    private func number(_ name: String) -> Int? {
        guard let number = Int(name, radix: 36), number > 0, String(number, radix: 36) == name else { return nil }
        guard let inside = try? Files.list("\(state)/s/\(name)") else { return nil }
        return Set(inside).isSubset(of: ["fs", "work"]) ? number : nil
    }

    /// The folder of `number` becomes that of `other`, which nothing is at.
    func rename(_ number: Int, to other: Int) throws(Errno) {
        try Errno.check("rename \(folder(number))", Glibc.rename(folder(number), folder(other)))
    }

    /// Keeps what somebody may still want, outside of the snapshots.
    public func setAside(_ number: Int) throws(Errno) {
        if rmdir(folder(number)) == 0 { return }
        let fault = "it belongs to no snapshot, unless to one whose entry can't be read"
        try LostEntries(state).take(folder(number), as: "folder-\(String(number, radix: 36))", because: fault)
    }
}
