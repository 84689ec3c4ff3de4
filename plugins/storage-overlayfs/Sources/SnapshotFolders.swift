import DriverKit
import Glibc
import LinuxSystem

/// `s/<number>/fs` with a snapshot's files and `s/<number>/work` for the kernel; numbers in base 36 to keep names short.
struct SnapshotFolders: Sendable {
    private let state: String

    init(_ state: String) throws {
        self.state = state
        try Files.makeDirectories("\(state)/s")
    }

    static func content(_ number: Int) -> String { "s/\(String(number, radix: 36))/fs" }
    static func work(_ number: Int) -> String { "s/\(String(number, radix: 36))/work" }

    func path(_ number: Int) -> String { "\(state)/\(Self.content(number))" }
    private func folder(_ number: Int) -> String { "\(state)/s/\(String(number, radix: 36))" }

    func exists(_ number: Int) -> Bool { Files.exists(path(number)) }

    /// Not synced: an active snapshot that a power cut takes was promised to nobody.
    func make(_ number: Int, state snapshot: Snapshot.State) throws {
        try Files.makeDirectory(folder(number))
        try Files.makeDirectory(path(number), mode: 0o755)
        // The daemon's umask must not reach the root folder of a container.
        try Errno.check("chmod \(path(number))", chmod(path(number), 0o755))
        if snapshot == .active { try Files.makeDirectory("\(state)/\(Self.work(number))") }
    }

    /// Makes the content durable.
    func seal(_ number: Int) throws {
        let content = try Files.open(path(number), O_RDONLY | O_DIRECTORY)
        try FileSystem.sync(content.raw)
    }

    /// A committed snapshot is never an upper layer again.
    func dropWork(_ number: Int) {
        try? Files.removeTree("\(state)/\(Self.work(number))")
    }

    func remove(_ number: Int) throws {
        try Files.removeTree(folder(number))
    }

    /// Removes what no index entry knows: half made or half removed when the machine stopped.
    func sweep(keeping known: Set<Int>) throws {
        for name in try Files.list("\(state)/s") {
            guard let number = Int(name, radix: 36), !known.contains(number) else { continue }
            try Files.removeTree("\(state)/s/\(name)")
        }
    }
}
