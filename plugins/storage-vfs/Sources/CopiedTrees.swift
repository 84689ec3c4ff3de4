import Glibc
import LinuxSystem
import Snapshots

/// Trees as folders: a child is a copy of its parent.
struct CopiedTrees: TreeMaker {
    private let running = RunningCopies()

    func make(_ path: String, from parent: String?) throws {
        try RootFolder.make(path)
        guard let parent else { return }
        let source = try Files.open(parent, O_RDONLY | O_DIRECTORY)
        let target = try Files.open(path, O_RDONLY | O_DIRECTORY)
        let copy = running.begin()
        defer { running.end(copy) }
        try FailPoint.before("vfs.copy")
        try TreeCopy.run(from: source.raw, to: target.raw, isCancelled: copy.isCancelled)
        // A copy that a power cut tears looks whole, and nobody makes it again.
        try FileSystem.sync(target.raw)
    }

    func seal(_ path: String) throws {
        let tree = try Files.open(path, O_RDONLY | O_DIRECTORY)
        try FileSystem.sync(tree.raw)
    }

    func unseal(_ path: String) throws {}

    func remove(_ path: String) throws { try Files.removeTree(path) }

    func cancel() { running.cancelOldest() }
}
