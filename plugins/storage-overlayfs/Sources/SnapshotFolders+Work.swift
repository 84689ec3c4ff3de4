import DriverKit
import Glibc
import LinuxSystem
import Snapshots

/// Beside the content, `s/<number>/work` is the kernel's.
extension SnapshotFolders {
    static func work(_ number: Int) -> String { "s/\(String(number, radix: 36))/work" }

    /// - Parameter below: the parent; its root folder's owner and permissions count in the new tree too, where the
    ///   topmost layer's root folder is the one that shows.
    func make(_ number: Int, on below: Int?, state snapshot: Snapshot.State) throws(Errno) {
        try Files.makeDirectory(folder(number))
        try FailPoint.before("overlayfs.content.make")
        try makeContent(number)
        if let below, snapshot == .active {
            let parent = try Files.open(path(below), O_RDONLY | O_DIRECTORY), root = try Files.open(path(number), O_RDONLY | O_DIRECTORY)
            try FolderAttributes.bring(from: parent.raw, to: root.raw)
        }
        try FailPoint.before("overlayfs.work.make")
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
