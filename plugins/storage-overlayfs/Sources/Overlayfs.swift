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
            let index = try SnapshotIndex(folders)
            for number in try folders.unknown(index.numbers()) {
                if index.hasUnreadable { try folders.setAside(number) } else { try folders.remove(number) }
            }
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
        let (number, chain) = try index.make(key, parent: parent, snapshot, { number, below in try folders.make(number, on: below, state: snapshot) }, undo: { try? folders.remove($0) })
        return mounts(number, chain, snapshot)
    }

    func mounts(_ key: String) throws -> [Mount] {
        let (entry, chain) = try index.mountable(key)
        try index.checkWhole(chain, below: key)
        return mounts(entry.number, chain, entry.state)
    }

    func commit(_ key: String, as name: String) throws {
        let number = try index.commit(key, as: name, folders.sync)
        FailPoint.after("overlayfs.commit")
        folders.dropWork(number)
    }

    func remove(_ key: String) throws {
        try DriverError.translating { try folders.remove(try index.remove(key)) }
    }

    func usage(_ key: String) throws -> Usage {
        try DriverError.translating { try TreeUsage.measure(folders.path(try index.lookup(key).entry.number)) }
    }

    func walk(_ body: (Snapshot) -> Bool) throws { index.walk(body) }

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
