import DriverHost
import DriverKit
import Glibc

/// Snapshots of file trees.
enum StorageSuite {
    static let checks: [Check] = [
        emptyRoot, everything, hardLinks, attributes, holes, deletions, replacedFolders, isolation, immutable, views, mountsAgain, errors, names, removeTwice, usage, walk, reopen,
        removal, overlayUpper, randomTrees, deepChain, concurrent, durable, killed, brokenOnce, full,
    ]

    static let actors = [caller]

    static func cycle(_ bench: Bench, _ storage: LoadedStorageDriver, _ number: Int) throws {
        let key = "cycle-\(number)", layer = "layer-\(number)"
        bench.step("prepare \(key)")
        _ = try storage.prepare(key, parent: "")
        bench.step("mounts of \(key)")
        _ = try storage.mounts(key)
        bench.step("commit \(key) as \(layer)")
        try storage.commit(key, as: layer)
        bench.step("view of \(layer)")
        _ = try storage.view("view-\(number)", parent: layer)
        bench.step("usage of \(layer)")
        _ = try storage.usage(layer)
        bench.step("walk")
        try storage.walk { _ in true }
        for name in ["view-\(number)", layer] {
            bench.step("remove \(name)")
            try storage.remove(name)
        }
    }
}
