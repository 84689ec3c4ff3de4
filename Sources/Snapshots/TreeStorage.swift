public import DriverKit
import Glibc
import LinuxSystem

/// Snapshots that each are a whole tree, mounted with a bind.
public final class TreeStorage: StorageDriver, Sendable {
    private let state: String
    private let index: SnapshotIndex
    private let folders: SnapshotFolders
    private let maker: any TreeMaker

    /// Opens the state and repairs it.
    public init(_ state: String, _ maker: any TreeMaker) throws {
        self.state = state
        self.maker = maker
        (folders, index) = try DriverError.translating {
            let folders = try SnapshotFolders(state)
            let index = try SnapshotIndex(folders)
            for number in try folders.unknown(index.numbers()) {
                if index.hasUnreadable { try folders.setAside(number) } else { try Self.remove(number, folders, maker) }
            }
            for number in index.numbers(.active) { try maker.unseal(folders.path(number)) }
            return (folders, index)
        }
    }

    public func prepare(_ key: String, parent: String) throws -> [Mount] {
        try begin(key, parent, .active) { number, below in
            try maker.make(folders.path(number), from: below.map(folders.path))
        }
    }

    /// Costs nothing: a committed snapshot doesn't change, and stays while it has a view.
    public func view(_ key: String, parent: String) throws -> [Mount] {
        try begin(key, parent, .view) { number, _ in try folders.makeContent(number) }
    }

    private func begin(_ key: String, _ parent: String, _ snapshot: Snapshot.State, _ make: (Int, Int?) throws -> Void) throws -> [Mount] {
        let (number, chain) = try index.make(
            key, parent: parent, snapshot,
            { number, below in
                try Files.makeDirectory(folders.folder(number))
                try FailPoint.before("tree.make")
                try make(number, below)
            }, undo: { try? Self.remove($0, folders, maker) })
        return mounts(number, chain.first, snapshot)
    }

    public func mounts(_ key: String) throws -> [Mount] {
        let (entry, chain) = try index.mountable(key)
        if entry.state == .view { try index.checkWhole(Array(chain.prefix(1)), below: key) }
        return mounts(entry.number, chain.first, entry.state)
    }

    private func mounts(_ number: Int, _ below: Int?, _ snapshot: Snapshot.State) -> [Mount] {
        let source = snapshot == .view ? below ?? number : number
        return [.bound(SnapshotFolders.content(source), base: state, readOnly: snapshot == .view)]
    }

    public func commit(_ key: String, as name: String) throws {
        try index.commit(key, as: name, { try maker.seal(folders.path($0)) }, undo: { try? maker.unseal(folders.path($0)) })
    }

    public func remove(_ key: String) throws {
        try DriverError.translating { try Self.remove(try index.remove(key), folders, maker) }
    }

    private static func remove(_ number: Int, _ folders: SnapshotFolders, _ maker: any TreeMaker) throws {
        try maker.remove(folders.path(number))
        try FailPoint.before("tree.folder.remove")
        try Files.removeTree(folders.folder(number))
    }

    /// What differs from the parent.
    public func usage(_ key: String) throws -> Usage {
        let (entry, chain) = try index.lookup(key)
        if entry.state == .view { return Usage(bytes: 0, inodes: 0) }
        return try DriverError.translating { try TreeUsage.measure(folders.path(entry.number), without: chain.first.flatMap { folders.exists($0) ? folders.path($0) : nil }) }
    }

    public func walk(_ body: (Snapshot) -> Bool) throws { index.walk(body) }

    public func cancel() { maker.cancel() }
}
