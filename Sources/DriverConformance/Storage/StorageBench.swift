import DriverHost
import DriverKit
import Glibc
import LinuxSystem

/// A storage driver over a folder, and the trees that its mounts show.
final class StorageBench {
    let bench: Bench
    let state: String
    private(set) var storage: LoadedStorageDriver

    init(_ bench: Bench, _ name: String = "state") throws {
        self.bench = bench
        state = try bench.state(name)
        storage = try Self.open(bench, state)
    }

    private static func open(_ bench: Bench, _ state: String) throws -> LoadedStorageDriver {
        bench.step("open")
        return try LoadedStorageDriver(bench.driver, bench.context(bench.driver.name, state: state))
    }

    func close() { bench.close(storage) }

    /// As after a restart of the engine.
    func reopen() throws {
        close()
        try reopened()
    }

    /// After `close`.
    func reopened() throws { storage = try Self.open(bench, state) }

    // MARK: calls, named

    func prepare(_ key: String, _ parent: String = "") throws -> [Mount] {
        bench.step("prepare \(key) on \"\(parent)\"")
        return try storage.prepare(key, parent: parent)
    }

    func view(_ key: String, _ parent: String) throws -> [Mount] {
        bench.step("view \(key) of \"\(parent)\"")
        return try storage.view(key, parent: parent)
    }

    func mounts(_ key: String) throws -> [Mount] {
        bench.step("mounts of \(key)")
        return try storage.mounts(key)
    }

    func commit(_ key: String, _ name: String) throws {
        bench.step("commit \(key) as \(name)")
        try storage.commit(key, as: name)
    }

    func remove(_ key: String) throws {
        bench.step("remove \(key)")
        try storage.remove(key)
    }

    func usage(_ key: String) throws -> Usage {
        bench.step("usage of \(key)")
        return try storage.usage(key)
    }

    func walk() throws -> [Snapshot] {
        bench.step("walk")
        var result: [Snapshot] = []
        try storage.walk {
            result.append($0)
            return true
        }
        return result
    }

    func keys() throws -> Set<String> { Set(try walk().map(\.key)) }

    // MARK: trees

    /// Runs `body` with the mounts at the path that it gets.
    func inside<R>(_ mounts: [Mount], _ body: (String) throws -> R) throws -> R { try MountedTree.inside(mounts, at: "\(bench.folder)/point", bench, body) }

    /// A committed layer with what `edit` does to its parent's tree.
    @discardableResult
    func layer(_ name: String, _ parent: String = "", _ model: ModelTree = ModelTree(), _ edit: (inout TreeEditor) throws -> Void) throws -> ModelTree {
        let result = try inside(try prepare("making-\(name)", parent)) { root in
            var editor = TreeEditor(root, model)
            editor.model.layer += 1
            try edit(&editor)
            return editor.model
        }
        try commit("making-\(name)", name)
        return result
    }

    /// What a committed layer shows is what the model says.
    func expect(_ name: String, _ model: ModelTree, _ aspects: TreeAspects = .all) throws {
        try inside(try view("look", name)) { try TreeLines.same($0, model, "layer \(name)", aspects) }
        try remove("look")
    }

    /// Removes all snapshots, children first.
    func clear() throws {
        var left = try walk()
        while !left.isEmpty {
            let parents = Set(left.map(\.parent))
            let ends = left.filter { !parents.contains($0.key) }
            try demand(!ends.isEmpty, "walk gives snapshots that are one another's parents: \(left.map(\.key))")
            for key in Set(ends.map(\.key)) { try remove(key) }
            left.removeAll { !parents.contains($0.key) }
        }
    }
}
