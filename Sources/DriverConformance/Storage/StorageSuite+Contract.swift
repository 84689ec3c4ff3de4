import DriverHost
import DriverKit
import Glibc
import LinuxSystem
import Synchronization

// What the calls promise.
extension StorageSuite {
    static let immutable = Check("storage.commit-is-immutable", "a committed snapshot is walked as such and can't be mounted to write, committed or made again; its old key is free") { bench in
        let work = try StorageBench(bench)
        _ = try work.layer("layer") { try $0.makeFile("x", [1]) }
        try demandEqual(try work.walk().map { "\($0.key) \($0.state)" }, ["layer committed"], "snapshots after commit")
        try bench.expect(ENOENT, of: "mounts of the key that was committed") { _ = try work.storage.mounts("making-layer") }
        try bench.expect(EINVAL, of: "mounts of the committed snapshot") { _ = try work.storage.mounts("layer") }
        try bench.expect(EINVAL, of: "commit of the committed snapshot") { try work.storage.commit("layer", as: "other") }
        try bench.expect(EEXIST, of: "prepare with the name of the committed snapshot") { _ = try work.storage.prepare("layer", parent: "") }
        _ = try work.prepare("making-layer")
        try work.clear()
        work.close()
    }

    static let views = Check("storage.views-are-read-only", "a view, of a layer or of the empty tree, can't be written to or committed") { bench in
        let work = try StorageBench(bench)
        try work.layer("one") { try $0.makeFile("x", [1]) }
        try work.layer("two", "one") { try $0.makeFile("y", [1]) }
        for (key, parent) in [("v0", ""), ("v1", "one"), ("v2", "two")] {
            let codes = try work.inside(try work.view(key, parent)) { root -> [String] in
                bench.step("write to a view of \"\(parent)\"")
                return [
                    mkdir("\(root)/new", 0o755) == 0 ? "made" : ErrorNames.name(errno),
                    parent.isEmpty ? "EROFS" : chmod("\(root)/x", 0o600) == 0 ? "changed" : ErrorNames.name(errno),
                ]
            }
            try demandEqual(codes, ["EROFS", "EROFS"], "mkdir and chmod in a view of \"\(parent)\"")
            try bench.expect(EINVAL, of: "commit of a view") { try work.storage.commit(key, as: "never") }
        }
        try work.clear()
        work.close()
    }

    static let mountsAgain = Check("storage.mounts-again", "mounts gives what prepare gave, and the tree is the same each time it is mounted, also in another instance") { bench in
        let work = try StorageBench(bench)
        let base = try work.layer("base") { try $0.makeFile("x", [1]) }
        let first = try work.prepare("a", "base")
        try demandEqual(try work.mounts("a"), first, "mounts")
        let model = try work.inside(first) { root in
            var tree = TreeEditor(root, base)
            tree.model.layer += 1
            try tree.makeFile("y", [2])
            return tree.model
        }
        try work.inside(try work.mounts("a")) { try TreeLines.same($0, model, "mounted again") }
        try work.reopen()
        try work.inside(try work.mounts("a")) { try TreeLines.same($0, model, "mounted by another instance") }
        try work.clear()
        work.close()
    }

    static let errors = Check("storage.errors", "ENOENT for what is not there, EEXIST for what is, EBUSY for a parent, EINVAL for a parent that is not committed; none changes anything") { bench in
        let work = try StorageBench(bench), storage = work.storage
        _ = try work.prepare("a")
        for (call, body) in [
            ("mounts", { _ = try storage.mounts("nosuch") }), ("usage", { _ = try storage.usage("nosuch") }), ("remove", { try storage.remove("nosuch") }),
            ("commit", { try storage.commit("nosuch", as: "x") }), ("prepare on a missing parent: prepare", { _ = try storage.prepare("b", parent: "nosuch") }),
            ("view of a missing parent: view", { _ = try storage.view("b", parent: "nosuch") }),
        ] as [(String, () throws -> Void)] {
            try bench.expect(ENOENT, of: "\(call) of a snapshot that is not there", body)
        }
        try bench.expect(EEXIST, of: "prepare of a key that is there") { _ = try storage.prepare("a", parent: "") }
        try bench.expect(EEXIST, of: "view with a key that is there") { _ = try storage.view("a", parent: "") }
        try bench.expect(EINVAL, of: "prepare on a parent that is not committed") { _ = try storage.prepare("b", parent: "a") }
        try work.commit("a", "layer")
        _ = try work.prepare("child", "layer")
        _ = try work.prepare("other")
        try bench.expect(EEXIST, of: "commit to a name that is there") { try storage.commit("other", as: "layer") }
        try bench.expect(EBUSY, of: "remove of a snapshot with a child") { try storage.remove("layer") }
        try demandEqual(try work.keys(), ["child", "layer", "other"], "snapshots after the refusals")
        try work.clear()
        work.close()
    }

    static let names = Check("storage.names", "keys of [a-zA-Z0-9_.-]{1,128} work, others are EINVAL and make nothing") { bench in
        let work = try StorageBench(bench)
        let good = ["a", "A-b_c.9", "-x", "_", "..x", String(repeating: "k", count: 128), "sha256-0123456789abcdef"]
        for key in good {
            _ = try work.prepare(key)
            try work.commit(key, "l\(key.prefix(127))")
        }
        try demandEqual(try work.keys(), Set(good.map { "l\($0.prefix(127))" }), "keys")
        for key in ["", ".", "..", "../x", "a/b", "a b", "é", "a\n", String(repeating: "k", count: 129)] {
            try bench.expect(EINVAL, of: "prepare of the key \(ReportJSON.quoted(key))") { _ = try work.storage.prepare(key, parent: "") }
            _ = try work.prepare("fine")
            try bench.expect(EINVAL, of: "commit as \(ReportJSON.quoted(key))") { try work.storage.commit("fine", as: key) }
            try work.remove("fine")
        }
        try demandEqual(try work.walk().count, good.count, "snapshots after the refusals")
        try work.clear()
        work.close()
    }

    static let removeTwice = Check("storage.remove-twice", "a snapshot that was removed is gone: the second remove is ENOENT, and its key can be used again") { bench in
        let work = try StorageBench(bench)
        try work.layer("once") { try $0.makeFile("x", [1]) }
        for _ in 0..<3 {
            _ = try work.prepare("a", "once")
            try work.remove("a")
            try bench.expect(ENOENT, of: "a second remove") { try work.storage.remove("a") }
            try bench.expect(ENOENT, of: "mounts of what was removed") { _ = try work.storage.mounts("a") }
        }
        try work.clear()
        work.close()
    }

    static let usage = Check("storage.usage", "usage is what a snapshot itself takes: nothing without changes, a linked file once, without its parents") { bench in
        let work = try StorageBench(bench)
        let base = try work.layer("base") { tree in
            try tree.makeFile("big", bench.random.bytes(3_000_000))
            try tree.makeLink("big", "twin")
        }
        let own = try work.usage("base").bytes
        try demand((3_000_000...3_200_000).contains(own), "a layer with one file of 3,000,000 bytes (and two names) uses \(own) bytes")
        let mounts = try work.prepare("child", "base")
        let empty = try work.usage("child")
        try demand(empty.bytes <= 65536 && empty.inodes <= 16, "a snapshot without changes uses \(empty.bytes) bytes and \(empty.inodes) inodes")
        try work.inside(mounts) { root in
            var tree = TreeEditor(root, base)
            for name in ["a", "b", "c"] { try tree.makeFile(name, bench.random.bytes(400_000)) }
            let folder = try Files.open(root, O_RDONLY | O_DIRECTORY)
            try FileSystem.sync(folder.raw)
        }
        let full = try work.usage("child")
        try demand((1_200_000...1_400_000).contains(full.bytes), "a snapshot with 1,200,000 bytes in three new files uses \(full.bytes) bytes")
        try demand((3...20).contains(full.inodes), "a snapshot with three new files uses \(full.inodes) inodes")
        try work.clear()
        work.close()
    }

    static let walk = Check("storage.walk", "walk gives every snapshot once, with parent, state and time, until it is told to stop") { bench in
        let work = try StorageBench(bench)
        let begin = Int64(time(nil)) - 2
        try work.layer("l1") { try $0.makeFile("x", [1]) }
        try work.layer("l2", "l1") { try $0.makeFile("y", [1]) }
        _ = try work.prepare("a", "l2")
        _ = try work.view("v", "l1")
        let wanted = ["a of l2 active", "l1 of  committed", "l2 of l1 committed", "v of l1 view"]
        for what in ["walk", "walk of another instance"] {
            let found = try work.walk()
            try demandEqual(found.map { "\($0.key) of \($0.parent) \($0.state)" }.sorted(), wanted, what)
            for snapshot in found {
                let seconds = snapshot.created / 1_000_000_000
                try demand((begin...Int64(time(nil)) + 2).contains(seconds), "\(snapshot.key) says it was made at \(snapshot.created) ns, which is not now")
            }
            try work.reopen()
        }
        var count = 0
        bench.step("walk, stopped at the first")
        try work.storage.walk { _ in
            count += 1
            return false
        }
        try demandEqual(count, 1, "snapshots given to a walk that was stopped at the first")
        try work.clear()
        work.close()
    }

    static let reopen = Check("storage.opens-where-it-ended", "snapshots of all states, and their trees, are there in the next instance") { bench in
        let work = try StorageBench(bench)
        let base = try work.layer("base") { try $0.makeFile("x", [1]) }
        let mounts = try work.prepare("active", "base")
        let changed = try work.inside(mounts) { root in
            var tree = TreeEditor(root, base)
            tree.model.layer += 1
            try tree.makeFile("y", [2])
            try tree.remove("x")
            return tree.model
        }
        _ = try work.view("view", "base")
        for _ in 0..<2 { try work.reopen() }
        try demandEqual(try work.keys(), ["active", "base", "view"], "snapshots")
        try work.inside(try work.mounts("active")) { try TreeLines.same($0, changed, "the active snapshot") }
        try work.inside(try work.mounts("view")) { try TreeLines.same($0, base, "the view") }
        try work.commit("active", "layer")
        try work.reopen()
        try work.expect("layer", changed)
        try work.clear()
        work.close()
    }

    static let removal = Check("storage.remove-leaves-nothing", "when all snapshots are removed the driver's folder holds what it held when it was new") { bench in
        let work = try StorageBench(bench)
        let before = try Folder.all(work.state)
        for round in 0..<3 {
            try work.layer("l1") { try $0.makeFile("x", [1]) }
            try work.layer("l2", "l1") { try $0.makeFolder("d") }
            try work.inside(try work.prepare("a\(round)", "l2")) { root in
                for name in ["p", "q"] { try Files.makeDirectories("\(root)/\(name)/r/s") }
                try Errno.check("chmod", chmod("\(root)/p", 0))
            }
            _ = try work.view("v", "l1")
            try work.clear()
        }
        try demandEqual(try Folder.all(work.state), before, "names in the driver's folder")
        work.close()
    }

    static let concurrent = Check("storage.concurrent-calls", "eight threads that prepare, commit, view and remove at once get what one would get; of those who want one key one wins", seconds: 20) {
        bench in
        try bench.skip(unless: .concurrent, "serve concurrent calls")
        let work = try StorageBench(bench), storage = work.storage
        try work.layer("base") { tree in for number in 0..<20 { try tree.makeFile("f\(number)", [UInt8(number)]) } }
        let wins = Atomic(0)
        bench.step("calls of eight threads")
        try Parallel.run(8) { thread in
            for round in 0..<6 {
                let key = "t\(thread)-\(round)"
                _ = try storage.prepare(key, parent: "base")
                _ = try storage.mounts(key)
                try storage.commit(key, as: "c\(key)")
                _ = try storage.view("v\(key)", parent: "c\(key)")
                var seen = Set<String>()
                try storage.walk {
                    seen.insert($0.key)
                    return true
                }
                try demand(seen.isSuperset(of: ["base", "c\(key)", "v\(key)"]), "walk does not give what its own thread made: \(key)")
                do {
                    _ = try storage.prepare("wanted-\(round)", parent: "base")
                    wins.add(1, ordering: .relaxed)
                } catch let error as DriverError { try demandEqual(ErrorNames.name(error.code), "EEXIST", "a key that another thread has") }
                try storage.remove("v\(key)")
                if round % 2 == 0 { try storage.remove("c\(key)") }
            }
        }
        try demandEqual(wins.load(ordering: .relaxed), 6, "threads that got one of six keys")
        try demandEqual(try work.walk().count, 1 + 6 + 8 * 3, "snapshots at the end")
        try work.clear()
        work.close()
    }
}
