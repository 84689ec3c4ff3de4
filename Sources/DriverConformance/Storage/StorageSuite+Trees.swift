import CLinux
import DriverHost
import DriverKit
import Glibc
import LinuxSystem

// What a snapshot shows.
extension StorageSuite {
    static let emptyRoot = Check("storage.empty-root", "a snapshot of the parent \"\" is an empty folder of root's with mode 0755, writable, and as a view not") { bench in
        let work = try StorageBench(bench)
        try work.inside(try work.prepare("a")) { root in
            try TreeLines.same(root, ModelTree(), "the empty tree")
            try Files.replace("\(root)/x", with: [1])
        }
        try work.inside(try work.view("v", "")) { try TreeLines.same($0, ModelTree(), "a view of the empty tree") }
        try work.clear()
        work.close()
    }

    static let everything = Check("storage.child-has-everything", "a child starts with all that its parent has: folders, files, links, fifos, devices, odd names, modes, owners and times") { bench in
        let work = try StorageBench(bench)
        let model = try work.layer("base") { try oddTree(&$0) }
        try work.inside(try work.prepare("child", "base")) { try TreeLines.same($0, model, "the child", []) }
        try work.expect("base", model, [])
        try work.clear()
        work.close()
    }

    private static func oddTree(_ tree: inout TreeEditor) throws {
        for path in ["a", "a/b", "a/b/c", "empty", "locked"] { try tree.makeFolder(path) }
        try tree.makeFile("a/one", Array("one\n".utf8))
        try tree.makeFile("nothing")
        try tree.makeFile("suid", [1, 2, 3], mode: 0o755)
        try tree.makeFile("name with\nnewline, ü and \\", [0])
        try tree.makeFile(String(repeating: "n", count: 255), [9])
        try tree.makeFile("large", (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) })
        try tree.makeSpecial("a/link", .link("one"))
        try tree.makeSpecial("dangling", .link("/nowhere/at all"))
        try tree.makeSpecial("fifo", .fifo)
        try tree.makeSpecial("null", .device(major: 1, minor: 3))
        try tree.setOwner("a/link", 1000, 1001)
        try tree.setOwner("suid", 7, 8)
        try tree.setMode("suid", 0o6751)
        try tree.setOwner("a/b", 12, 70_000)
        try tree.setMode("locked", 0)
        try tree.setMode("empty", 0o1777)
        try tree.setMode("", 0o751)
    }

    static let hardLinks = Check("storage.hard-links-stay", "names of one file are names of one file in a child and in its children") { bench in
        let work = try StorageBench(bench)
        let model = try work.layer("base") { tree in
            try tree.makeFolder("d")
            try tree.makeFile("one", [1])
            try tree.makeLink("one", "d/two")
            try tree.makeLink("one", "three")
            try tree.makeFile("other", [1])
        }
        let next = try work.layer("next", "base", model) { try $0.makeFile("more", [2]) }
        try work.inside(try work.prepare("child", "next")) { try TreeLines.same($0, next, "the child", .links) }
        try work.expect("base", model, .links)
        try work.clear()
        work.close()
    }

    static let attributes = Check("storage.attributes-stay", "extended attributes (user, trusted, file capabilities) of files and folders are there in a child") { bench in
        let work = try StorageBench(bench)
        let model = try work.layer("base") { tree in
            try tree.makeFolder("d")
            try tree.makeFile("f", [1])
            try tree.setAttribute("f", "user.note", Array("value".utf8))
            try tree.setAttribute("f", "user.empty", [])
            try tree.setAttribute("d", "trusted.secret", [0, 255, 10])
            // cap_net_raw+ep
            try tree.setAttribute("f", "security.capability", [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        }
        try work.inside(try work.prepare("child", "base")) { try TreeLines.same($0, model, "the child", .attributes) }
        try work.clear()
        work.close()
    }

    static let holes = Check("storage.holes-stay", "a file with holes takes no more room in a child than in its parent, and reads the same") { bench in
        let work = try StorageBench(bench)
        let model = try work.layer("base") { tree in
            try tree.makeFile("sparse", [1])
            try tree.resize("sparse", 20_000_000)
            try tree.write("sparse", at: 9_000_000, [5, 6, 7])
            try tree.makeFile("hole")
            try tree.resize("hole", 8_000_000)
        }
        try work.inside(try work.prepare("child", "base")) { root in
            for (path, limit) in [("sparse", 1 << 20), ("hole", 4096)] {
                let blocks = Int(Folder.status("\(root)/\(path)")?.st_blocks ?? 0) * 512
                try demand(blocks <= limit, "\(path) of \(model[path].size) bytes, nearly all holes, takes \(blocks) bytes in a child")
            }
            try TreeLines.same(root, model, "the child", [])
        }
        try work.clear()
        work.close()
    }

    static let deletions = Check("storage.deletions-stay", "what a layer deletes is gone in it, in its children and in theirs, and still there below it") { bench in
        let work = try StorageBench(bench)
        let base = try work.layer("base") { tree in
            try tree.makeFile("file", [1])
            try tree.makeFile("back", [2])
            try tree.makeFile("stays", [3])
            try tree.makeFolder("d")
            try tree.makeFolder("d/e")
            try tree.makeFile("d/e/deep", [4])
            try tree.makeFile("d/near", [5])
        }
        let less = try work.layer("less", "base", base) { tree in for path in ["file", "back", "d/e"] { try tree.remove(path) } }
        let more = try work.layer("more", "less", less) { try $0.makeFile("back", [6, 6]) }
        for (name, model) in [("base", base), ("less", less), ("more", more)] { try work.expect(name, model, []) }
        try work.inside(try work.prepare("child", "more")) { try TreeLines.same($0, more, "the grandchild", []) }
        try work.clear()
        work.close()
    }

    static let replacedFolders = Check("storage.replaced-folders-are-new", "a folder that was removed and made again shows nothing of the old one (opaque), nor does one in a file's place") { bench in
        let work = try StorageBench(bench)
        let base = try work.layer("base") { tree in
            for path in ["d", "d/sub", "k"] { try tree.makeFolder(path) }
            for path in ["d/old", "d/sub/old", "k/old", "was-file"] { try tree.makeFile(path, [1]) }
        }
        let next = try work.layer("next", "base", base) { tree in
            for path in ["d", "k", "was-file"] { try tree.remove(path) }
            try tree.makeFolder("d")
            try tree.makeFile("d/new", [2])
            try tree.makeFile("k", [3])
            try tree.makeFolder("was-file")
        }
        let last = try work.layer("last", "next", next) { try $0.makeFile("d/newer", [4]) }
        for (name, model) in [("next", next), ("last", last), ("base", base)] { try work.expect(name, model, []) }
        try work.clear()
        work.close()
    }

    static let isolation = Check("storage.children-are-apart", "what a child writes, deletes and changes reaches neither its parent nor its sister") { bench in
        let work = try StorageBench(bench)
        let base = try work.layer("base") { tree in
            try tree.makeFolder("d")
            for path in ["a", "b", "d/c"] { try tree.makeFile(path, bench.random.bytes(9000)) }
        }
        let one = try work.prepare("one", "base"), two = try work.prepare("two", "base")
        let changed = try work.inside(one) { root in
            var tree = TreeEditor(root, base)
            tree.model.layer += 1
            try tree.write("a", at: 5000, [1, 2, 3])
            try tree.remove("b")
            try tree.setMode("d/c", 0o400)
            try tree.resize("d/c", 10)
            try tree.makeFile("d/new", [1])
            try tree.setOwner("d", 5, 6)
            return tree.model
        }
        try work.inside(two) { try TreeLines.same($0, base, "the sister") }
        try work.expect("base", base)
        try work.inside(one) { try TreeLines.same($0, changed, "the child, mounted again") }
        try work.clear()
        work.close()
    }

    static let overlayUpper = Check("storage.overlay-upper", "a layer written straight into upperdir of prepare's mount, with overlay whiteouts, shows as it was meant") { bench in
        try bench.skip(unless: .overlayUpper, "take layers in its upperdir")
        let work = try StorageBench(bench)
        let base = try work.layer("base") { tree in
            try tree.makeFolder("d")
            try tree.makeFolder("k")
            for path in ["a", "b", "d/old", "k/stays"] { try tree.makeFile(path, [1]) }
        }
        let mounts = try work.prepare("next", "base")
        let upper = mounts.first?.options.split(separator: ",").first { $0.hasPrefix("upperdir=") }?.dropFirst("upperdir=".count)
        guard mounts.count == 1, mounts[0].type == "overlay", let upper else { throw Outcome.failed("prepare gave no overlay mount with an upperdir: \(mounts)") }
        let folder = upper.hasPrefix("/") ? String(upper) : "\(mounts[0].base)/\(upper)"
        try Errno.check("mknod", mknod("\(folder)/a", S_IFCHR, 0))
        try Errno.check("mkdir", mkdir("\(folder)/d", 0o755))
        let opened = try Files.open("\(folder)/d", O_RDONLY)
        try ExtendedAttributes.set(opened.raw, "trusted.overlay.opaque", "y")
        try work.commit("next", "layer")
        var wanted = base
        wanted.remove("a")
        wanted.remove("d/old")
        try work.expect("layer", wanted)
        try work.expect("base", base)
        try work.clear()
        work.close()
    }

    /// Whether the driver keeps what checks of their own are for; what it does not keep is not asked of random trees.
    private static func kept(_ work: StorageBench) throws -> TreeAspects? {
        let model = try work.layer("probe") { tree in
            try tree.makeFile("one", [1])
            try tree.makeLink("one", "two")
            try tree.makeFile("three", [1])
            try tree.setAttribute("three", "user.x", [1])
        }
        let less = try work.layer("probe-less", "probe", model) { try $0.remove("three") }
        _ = try work.layer("probe-last", "probe-less", less) { try $0.makeFile("four", [1]) }
        var aspects = TreeAspects.all
        for aspect in [TreeAspects.links, .attributes] {
            do { try work.inside(try work.view("look", "probe-less")) { try TreeLines.same($0, less, "", aspect) } } catch Outcome.failed { aspects.remove(aspect) }
            try work.remove("look")
            do { try work.inside(try work.prepare("look", "probe")) { try TreeLines.same($0, model, "", aspect) } } catch Outcome.failed { aspects.remove(aspect) }
            try work.remove("look")
        }
        let names = try work.inside(try work.prepare("look", "probe-last")) { try Files.list($0) }
        try work.clear()
        return names.contains("three") ? nil : aspects
    }

    static let randomTrees = Check("storage.random-trees", "ten layers of random changes are, each and in every order of asking, what a model in memory says", seconds: 25) { bench in
        for seed in 1...3 as ClosedRange<UInt64> {
            let work = try StorageBench(bench, "state\(seed)")
            guard let aspects = try kept(work) else { throw Outcome.skipped("deletions don't stay, which storage.deletions-stay is about") }
            bench.seed(seed)
            var models = [ModelTree()]
            for number in 1...10 {
                var model = models[number - 1]
                model.layer = number
                let mounts = try work.prepare("making", number == 1 ? "" : "layer\(number - 1)")
                model = try work.inside(mounts) { try TreeScript.run($0, model, changes: number == 1 ? 80 : 35, &bench.random) }
                if number % 3 == 0 { try work.reopen() }
                try work.inside(try work.mounts("making")) { try TreeLines.same($0, model, "layer \(number) before its commit (seed \(seed))", aspects) }
                try work.commit("making", "layer\(number)")
                models.append(model)
            }
            for number in (1...10).shuffled(using: &bench.random) { try work.expect("layer\(number)", models[number], aspects) }
            try work.clear()
            work.close()
        }
    }

    static let deepChain = Check("storage.three-hundred-layers", "a chain of 300 layers can be made, mounted, read and written", seconds: 40) { bench in
        let work = try StorageBench(bench)
        var model = ModelTree(), parent = ""
        for number in 1...300 {
            // Most layers are empty: what counts is their number.
            if number <= 10 || number % 30 == 0 {
                model = try work.layer("l\(number)", parent, model) { try $0.makeFile("file\(number)", [UInt8(truncatingIfNeeded: number)]) }
            } else {
                _ = try work.prepare("making", parent)
                try work.commit("making", "l\(number)")
            }
            parent = "l\(number)"
        }
        try work.inside(try work.prepare("top", parent)) { root in
            var tree = TreeEditor(root, model)
            tree.model.layer = 400
            try TreeLines.same(root, model, "the child of 300 layers")
            try tree.write("file1", at: 0, [99])
            try tree.remove("file300")
            try TreeLines.same(root, tree.model, "the child of 300 layers after changes")
        }
        try work.expect("l300", model)
        try demandEqual(try work.keys().count, 301, "snapshots")
        try work.clear()
        work.close()
    }
}
