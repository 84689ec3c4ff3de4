import DriverHost
import DriverKit
import Glibc
import LinuxSystem

/// A call that is cut off, and what may be there afterwards.
private enum CutCall: String, CaseIterable {
    case prepare, view, commit, remove

    func run(_ storage: LoadedStorageDriver) throws {
        switch self {
        case .prepare: _ = try storage.prepare("new", parent: "base")
        case .view: _ = try storage.view("new", parent: "base")
        case .commit: try storage.commit("work", as: "layer")
        case .remove: try storage.remove("gone")
        }
    }
}

/// How the call ended.
private enum CutEnd { case done, failed, killed }

extension StorageSuite {
    /// One call, killed at its nth call on files.
    static let caller = Actor(name: "storage.call") { bench, arguments in
        guard let call = CutCall(rawValue: arguments[0]), let place = Int(arguments[1]) else { throw Outcome.failed("storage.call \(arguments)") }
        let work = try StorageBench(bench)
        let struck = try Faults.strike(.kill, at: place) { try call.run(work.storage) }
        ChildReport().say(.fact, struck ? "struck" : "done")
    }

    static let durable = Check("storage.commit-is-durable", "commit asks the kernel to write its files to the disk before it returns (fsync, syncfs or the like)") { bench in
        let work = try StorageBench(bench)
        try work.inside(try work.prepare("a")) { try Files.replace("\($0)/x", with: [1]) }
        let before = Faults.syncs
        try work.commit("a", "layer")
        try demand(Faults.syncs > before, "no fsync(2), fdatasync(2) or syncfs(2) was called")
        try work.clear()
        work.close()
    }

    static let killed = Check(
        "storage.survives-a-kill", "killed in prepare, view, commit or remove: the next instance has the snapshot as before or as after, whole, and can repeat the call", seconds: 30
    ) { bench in
        let scene = try Scene(bench)
        var kills = 0
        for call in CutCall.allCases {
            for place in 1...60 {
                try scene.set(call)
                scene.work.close()
                let ending = try bench.act("storage.call", [call.rawValue, "\(place)"])
                try scene.work.reopened()
                try demand(ending.cause == .signal(SIGKILL) || ending.cause == .exited(0), "\(call) in a process of its own ended with \(ending.cause): \(ending.lines.last?.text ?? "")")
                let isKilled = ending.cause == .signal(SIGKILL)
                try scene.judge(call, isKilled ? .killed : .done, "after a kill at file call \(place) of \(call)")
                if !isKilled { break }
                kills += 1
            }
        }
        try scene.end()
        try skip(unless: kills > 0, "the driver makes no calls of the C library that the check could kill it in")
    }

    static let brokenOnce = faulty("storage.survives-io-errors", "EIO", .brokenOnce)
    static let full = faulty("storage.disk-full", "ENOSPC", .full)

    private static func faulty(_ name: String, _ error: String, _ kind: Faults.Kind) -> Check {
        let demand = "when calls on files fail with \(error) in prepare, view, commit or remove, the call fails and nothing is half made, or it works; a repeat works"
        return Check(name, demand, seconds: 20) { bench in
            let scene = try Scene(bench)
            var strikes = 0
            for call in CutCall.allCases {
                for place in 1...60 {
                    try scene.set(call)
                    var end = CutEnd.done
                    bench.step("\(call) with \(error) at file call \(place)")
                    let struck = Faults.strike(kind, at: place) {
                        do { try call.run(scene.work.storage) } catch { end = .failed }
                    }
                    try scene.judge(call, end, "after \(error) at file call \(place) of \(call)")
                    if !struck { break }
                    strikes += 1
                }
            }
            try scene.end()
            try skip(unless: strikes > 0, "the driver makes no calls of the C library that the check could let fail")
        }
    }
}

/// A few snapshots among which one call is cut off, again and again.
private final class Scene {
    let work: StorageBench
    private let base: ModelTree
    /// What `work`, `layer` and `gone` hold.
    private var changed: ModelTree
    private let files: [String]

    init(_ bench: Bench) throws {
        work = try StorageBench(bench)
        files = try Folder.all(work.state)
        base = try work.layer("base") { tree in
            try tree.makeFolder("d")
            try tree.makeFile("d/x", [1, 2, 3])
            try tree.makeFile("y", [4])
        }
        changed = base
    }

    /// What the call needs.
    func set(_ call: CutCall) throws {
        switch call {
        case .prepare, .view: break
        case .commit where try work.keys().contains("work"): break
        case .remove where try work.keys().contains("gone"): break
        case .commit: changed = try work.inside(try work.prepare("work", "base"), change)
        case .remove: changed = try work.layer("gone", "base", base) { try $0.makeFile("z", [5]) }
        }
    }

    private func change(_ root: String) throws -> ModelTree {
        var tree = TreeEditor(root, base)
        tree.model.layer += 1
        try tree.makeFile("z", [5])
        return tree.model
    }

    /// What is there must be whole, and repeating the call must work.
    func judge(_ call: CutCall, _ end: CutEnd, _ when: String) throws {
        do { try examine(call, end, when) } catch Outcome.failed(let why) { throw Outcome.failed(why.hasPrefix(when) ? why : "\(when): \(why)") }
    }

    private func examine(_ call: CutCall, _ end: CutEnd, _ when: String) throws {
        let keys = try work.keys()
        func has(_ key: String) -> Bool { keys.contains(key) }
        try demand(has("base"), "\(when): the parent is gone")
        try work.expect("base", base)
        switch call {
        case .prepare, .view:
            try demand(keys.subtracting(["base", "new"]).isEmpty, "\(when): there are \(keys.sorted())")
            try demand(end != .done || has("new"), "\(when): it returned success and the snapshot is not there")
            try demand(end != .failed || !has("new"), "\(when): it returned an error and the snapshot is there")
            if !has("new") { try call.run(work.storage) }
            try work.inside(try work.mounts("new")) { try TreeLines.same($0, base, "\(when): the new snapshot") }
            try work.remove("new")
        case .commit:
            try demand(has("work") != has("layer"), "\(when): of the active and the committed snapshot one should be there; there are \(keys.sorted())")
            try demand(end != .done || has("layer"), "\(when): it returned success and the snapshot is not committed")
            if has("work") {
                try work.inside(try work.mounts("work")) { try TreeLines.same($0, changed, "\(when): the active snapshot") }
                try work.inside(try work.mounts("work")) { root in
                    try Files.replace("\(root)/probe", with: [])
                    unlink("\(root)/probe")
                }
                try call.run(work.storage)
            }
            try work.expect("layer", changed)
            try work.remove("layer")
        case .remove:
            try demand(end != .done || !has("gone"), "\(when): it returned success and the snapshot is there")
            guard has("gone") else { return }
            try work.expect("gone", changed)
            try call.run(work.storage)
        }
    }

    /// What was cut off left nothing, at the latest when the driver is opened again.
    func end() throws {
        try work.clear()
        try work.reopen()
        try demandEqual(try Folder.all(work.state), files, "names in the driver's folder after all snapshots were removed")
        work.close()
    }
}
