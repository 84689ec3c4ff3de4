import DriverKit
import Glibc
import LinuxSystem
import Snapshots

/// Beside the content, `s/<number>/work` is the kernel's.
extension SnapshotFolders {
    static func work(_ number: Int) -> String { "s/\(String(number, radix: 36))/work" }

    func make(_ number: Int, state snapshot: Snapshot.State) throws(Errno) {
        try Files.makeDirectory(folder(number))
        try makeContent(number)
        if snapshot == .active { try Files.makeDirectory("\(state)/\(Self.work(number))") }
    }

    /// A committed snapshot is never an upper layer again.
    func dropWork(_ number: Int) {
        try? Files.removeTree("\(state)/\(Self.work(number))")
    }

    func remove(_ number: Int) throws(Errno) {
        try Files.removeTree(folder(number))
    }
}
