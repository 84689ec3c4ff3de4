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

    /// What no index entry knows: half made or half removed when the machine stopped.
    public func unknown(_ known: Set<Int>) throws(Errno) -> [Int] {
        try Files.list("\(state)/s").compactMap { Int($0, radix: 36) }.filter { !known.contains($0) }
    }
}
