import DriverKit
import Glibc
import LinuxSystem
import Snapshots

/// Snapshots as folders that one overlay mount joins.
///
/// Every path that a mount names is relative to the state directory, so that hundreds of layers fit into the one page
/// that mount(2) takes as its data.
final class Overlayfs: StorageDriver, Sendable {
    private let state: String
    private let index: SnapshotIndex
    private let folders: SnapshotFolders

    init(_ context: OpenContext) throws {
        state = context.stateDirectory
        (folders, index) = try DriverError.translating { [state] in
            try FileSystemCheck.run(state)
            let folders = try SnapshotFolders(state)
            let index = try SnapshotIndex(state, exists: folders.exists)
            for number in try folders.unknown(index.numbers()) { try folders.remove(number) }
            return (folders, index)
        }
    }

    func prepare(_ key: String, parent: String) throws -> [Mount] {
        try begin(key, parent, .active)
    }

    func view(_ key: String, parent: String) throws -> [Mount] {
        try begin(key, parent, .view)
    }

    private func begin(_ key: String, _ parent: String, _ snapshot: Snapshot.State) throws -> [Mount] {
        try SnapshotKey.check(key)
        let (number, _) = try index.reserve(key, parent: parent)
        do {
            let chain = try DriverError.translating {
                try folders.make(number, state: snapshot)
                return try index.insert(key, number, parent: parent, snapshot)
            }
            return mounts(number, chain, snapshot)
        } catch {
            index.release(key)
            try? folders.remove(number)
            throw error
        }
    }

    func mounts(_ key: String) throws -> [Mount] {
        let (entry, chain) = try index.lookup(key)
        if entry.state == .committed {
            throw DriverError(EINVAL, "snapshot \(key) is committed; make a view of it to mount it")
        }
        return mounts(entry.number, chain, entry.state)
    }

    func commit(_ key: String, as name: String) throws {
        try SnapshotKey.check(name)
        let number = try index.beginCommit(key, as: name)
        do {
            try DriverError.translating {
                try folders.sync(number)
                try index.finishCommit(key, as: name)
            }
        } catch {
            index.release(name)
            throw error
        }
        folders.dropWork(number)
    }

    func remove(_ key: String) throws {
        try DriverError.translating { try folders.remove(try index.remove(key)) }
    }

    func usage(_ key: String) throws -> Usage {
        try DriverError.translating { try TreeUsage.measure(folders.path(try index.lookup(key).entry.number)) }
    }

    func walk(_ body: (Snapshot) -> Bool) throws {
        for snapshot in index.snapshots() where !body(snapshot) { return }
    }

    /// `chain`: numbers of the committed snapshots below, newest first.
    private func mounts(_ number: Int, _ chain: [Int], _ snapshot: Snapshot.State) -> [Mount] {
        let lower = chain.map(SnapshotFolders.content).joined(separator: ":")
        let own = SnapshotFolders.content(number)
        switch (snapshot, chain.count) {
        case (.view, 0): return [.bound(own, base: state, readOnly: true)]
        case (.view, 1): return [.bound(lower, base: state, readOnly: true)]
        case (.view, _): return [overlay("lowerdir=\(lower)", flags: MountFlag.readOnly)]
        case (_, 0): return [.bound(own, base: state, readOnly: false)]
        default: return [overlay("lowerdir=\(lower),upperdir=\(own),workdir=\(SnapshotFolders.work(number))", flags: 0)]
        }
    }

    private func overlay(_ options: String, flags: UInt64) -> Mount {
        Mount(type: "overlay", source: "overlay", options: options, base: state, flags: flags)
    }
}
