import DriverHost
import DriverKit
import Glibc
import LinuxSystem
import Synchronization

/// Named volumes.
enum VolumeSuite {
    static let checks: [Check] = [
        newVolume, dataStays, twoUsers, apart, unmountAgain, errors, names, removal, usage, walk, many, reopen, concurrent, killed, brokenOnce, full,
    ]

    static let actors = [caller]

    static func cycle(_ bench: Bench, _ volumes: LoadedVolumeDriver, _ number: Int) throws {
        let name = "cycle-\(number)"
        bench.step("create \(name)")
        try volumes.create(name, options: bench.settings.objectOptions)
        bench.step("mount \(name)")
        _ = try volumes.mount(name, user: "c")
        bench.step("walk")
        try volumes.walk { _ in true }
        bench.step("unmount \(name)")
        try volumes.unmount(name, user: "c")
        bench.step("remove \(name)")
        try volumes.remove(name)
    }

    private static let newVolume = Check("volume.new-one-is-empty", "a new volume is an empty folder that can be written to") { bench in
        let work = try VolumeBench(bench)
        try work.create("v")
        try work.inside("v", "c") { root in
            try demandEqual(try Files.list(root).filter { $0 != "lost+found" }, [], "names in a new volume")
            try Files.replace("\(root)/x", with: [1])
        }
        try work.unmount("v", "c")
        try work.clear()
        work.close()
    }

    private static let dataStays = Check("volume.data-stays", "what was written is there at the next mount, for another user and in another instance") { bench in
        let work = try VolumeBench(bench)
        try work.create("v")
        for round in 0..<3 {
            try work.inside("v", "user\(round)") { root in
                try demandEqual(try Files.list(root).filter { $0 != "lost+found" }.count, round, "files of the \(round) mounts before")
                try Files.replace("\(root)/file\(round)", with: [UInt8(round)])
                for old in 0...round { try demandEqual(try Files.read("\(root)/file\(old)"), [UInt8(old)], "contents of file\(old)") }
            }
            try work.unmount("v", "user\(round)")
            if round == 1 { try work.reopen() }
        }
        try work.clear()
        work.close()
    }

    private static let twoUsers = Check("volume.two-users", "two users at once see the same files, and the end of one does not touch the other") { bench in
        let work = try VolumeBench(bench)
        try work.create("v")
        try work.inside("v", "one") { first in
            try work.inside("v", "two") { second in
                try Files.replace("\(first)/a", with: [1])
                try demand(Files.exists("\(second)/a"), "a file that one user made is not there for the other")
                try Files.replace("\(second)/b", with: [2])
                try demand(Files.exists("\(first)/b"), "a file that the other user made is not there for the first")
            }
            try work.unmount("v", "two")
            try Files.replace("\(first)/c", with: [3])
        }
        try work.unmount("v", "one")
        try work.clear()
        work.close()
    }

    private static let apart = Check("volume.volumes-are-apart", "what is in one volume is not in another, and goes with it alone") { bench in
        let work = try VolumeBench(bench)
        for name in ["one", "two"] {
            try work.create(name)
            try work.inside(name, "c") { try Files.replace("\($0)/\(name)", with: [1]) }
            try work.unmount(name, "c")
        }
        try work.inside("two", "c") { try demandEqual(try Files.list($0).filter { $0 != "lost+found" }, ["two"], "names in the second volume") }
        try work.unmount("two", "c")
        try work.remove("one")
        try work.create("one")
        try work.inside("one", "c") { try demandEqual(try Files.list($0).filter { $0 != "lost+found" }, [], "names in a volume that was removed and made again") }
        try work.unmount("one", "c")
        try work.inside("two", "c") { try demand(Files.exists("\($0)/two"), "removing one volume emptied another") }
        try work.unmount("two", "c")
        try work.clear()
        work.close()
    }

    private static let unmountAgain = Check("volume.unmount-again", "unmount may come twice, or for a user that never mounted, and does nothing") { bench in
        let work = try VolumeBench(bench)
        try work.create("v")
        try work.inside("v", "c") { try Files.replace("\($0)/x", with: [1]) }
        for user in ["c", "c", "never"] { try work.unmount("v", user) }
        try work.clear()
        work.close()
    }

    private static let errors = Check("volume.errors", "EEXIST for a name that is there, ENOENT for one that is not; neither changes anything") { bench in
        let work = try VolumeBench(bench)
        try work.create("v")
        try work.inside("v", "c") { try Files.replace("\($0)/x", with: [1]) }
        try work.unmount("v", "c")
        try bench.expect(EEXIST, of: "create of a volume that is there") { try work.volumes.create("v", options: bench.settings.objectOptions) }
        try work.inside("v", "c") { try demand(Files.exists("\($0)/x"), "the refused create emptied the volume") }
        try work.unmount("v", "c")
        try bench.expect(ENOENT, of: "mount of a volume that is not there") { _ = try work.volumes.mount("nosuch", user: "c") }
        try bench.expect(ENOENT, of: "remove of a volume that is not there") { try work.volumes.remove("nosuch") }
        try bench.expect(ENOENT, ENOTSUP, of: "usage of a volume that is not there") { _ = try work.volumes.usage("nosuch") }
        try demandEqual(try work.names(), ["v"], "volumes after the refusals")
        try work.remove("v")
        try bench.expect(ENOENT, of: "a second remove") { try work.volumes.remove("v") }
        work.close()
    }

    private static let names = Check("volume.names", "Docker's names work, those that lead elsewhere are EINVAL and make nothing") { bench in
        let work = try VolumeBench(bench)
        let good = ["a", "A-b_c.9", "0", String(repeating: "a", count: 64), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
        for name in good { try work.create(name) }
        try demandEqual(try work.names(), Set(good), "volumes")
        for name in ["", ".", "..", "../x", "a/b", "/a", "a\n"] {
            try bench.expect(EINVAL, of: "create of the name \(ReportJSON.quoted(name))") { try work.volumes.create(name, options: bench.settings.objectOptions) }
        }
        try demandEqual(try work.names(), Set(good), "volumes after the refusals")
        try work.clear()
        work.close()
    }

    private static let removal = Check("volume.remove-leaves-nothing", "when all volumes are removed the driver's folder holds what it held when it was new") { bench in
        let work = try VolumeBench(bench)
        let before = try Folder.all(work.state)
        for name in ["one", "two"] {
            try work.create(name)
            try work.inside(name, "c") { root in
                try Files.makeDirectories("\(root)/deep/er")
                try Files.replace("\(root)/deep/x", with: [1])
                try Errno.check("chmod", chmod("\(root)/deep", 0))
            }
            try work.unmount(name, "c")
        }
        try work.clear()
        try demandEqual(try Folder.all(work.state), before, "names in the driver's folder")
        work.close()
    }

    private static let usage = Check("volume.usage", "usage grows by what is written, and a file of two names counts once") { bench in
        let work = try VolumeBench(bench)
        try work.create("v")
        bench.step("usage")
        let empty: Usage
        do { empty = try work.volumes.usage("v") } catch let error as DriverError where error.code == ENOTSUP { throw Outcome.skipped("the driver does not measure volumes") }
        try work.inside("v", "c") { root in
            try Files.replace("\(root)/big", with: bench.random.bytes(1_000_000))
            try Errno.check("link", link("\(root)/big", "\(root)/twin"))
            let folder = try Files.open(root, O_RDONLY | O_DIRECTORY)
            try FileSystem.sync(folder.raw)
        }
        try work.unmount("v", "c")
        let full = try work.volumes.usage("v"), growth = full.bytes - empty.bytes
        try demand((1_000_000...1_100_000).contains(growth), "a file of 1,000,000 bytes (and two names) made usage grow by \(growth) bytes")
        try demand((1...2).contains(full.inodes - empty.inodes), "one file made usage grow by \(full.inodes - empty.inodes) inodes")
        try work.clear()
        work.close()
    }

    private static let walk = Check("volume.walk", "walk gives every volume once, with its time, until it is told to stop") { bench in
        let work = try VolumeBench(bench)
        let begin = Int64(time(nil)) - 2
        for name in ["a", "b", "c"] { try work.create(name) }
        for what in ["walk", "walk of another instance"] {
            let found = try work.walk()
            try demandEqual(found.map(\.name).sorted(), ["a", "b", "c"], what)
            for volume in found {
                try demand((begin...Int64(time(nil)) + 2).contains(volume.created / 1_000_000_000), "\(volume.name) says it was made at \(volume.created) ns, which is not now")
            }
            try work.reopen()
        }
        var count = 0
        bench.step("walk, stopped at the first")
        try work.volumes.walk { _ in
            count += 1
            return false
        }
        try demandEqual(count, 1, "volumes given to a walk that was stopped at the first")
        try work.clear()
        work.close()
    }

    private static let many = Check("volume.many", "300 volumes are made, told and removed", seconds: 30) { bench in
        let work = try VolumeBench(bench)
        for number in 0..<300 { try work.create("volume-\(number)") }
        try demandEqual(try work.walk().count, 300, "volumes told")
        try work.clear()
        try demandEqual(try work.walk().count, 0, "volumes left")
        work.close()
    }

    private static let reopen = Check("volume.opens-where-it-ended", "volumes are there in the next instance") { bench in
        let work = try VolumeBench(bench)
        for name in ["a", "b"] { try work.create(name) }
        try work.remove("a")
        for _ in 0..<2 { try work.reopen() }
        try demandEqual(try work.names(), ["b"], "volumes")
        try work.clear()
        work.close()
    }

    private static let concurrent = Check("volume.concurrent-calls", "of eight threads that create one name at once one wins, and each gets what it makes", seconds: 15) { bench in
        try bench.skip(unless: .concurrent, "serve concurrent calls")
        let work = try VolumeBench(bench), volumes = work.volumes, options = bench.settings.objectOptions
        let wins = Atomic(0)
        // Whether a name can be taken twice at all is another check's subject.
        try work.create("probe")
        let refuses = (try? work.create("probe")) == nil
        try work.remove("probe")
        bench.step("calls of eight threads")
        try Parallel.run(8) { thread in
            for round in 0..<6 {
                try volumes.create("t\(thread)-\(round)", options: options)
                _ = try volumes.mount("t\(thread)-\(round)", user: "c")
                try volumes.walk { _ in true }
                do {
                    try volumes.create("wanted-\(round)", options: options)
                    wins.add(1, ordering: .relaxed)
                } catch let error as DriverError { try demandEqual(ErrorNames.name(error.code), "EEXIST", "a name that another thread has") }
                try volumes.unmount("t\(thread)-\(round)", user: "c")
                if round % 2 == 0 { try volumes.remove("t\(thread)-\(round)") }
            }
        }
        if refuses { try demandEqual(wins.load(ordering: .relaxed), 6, "threads that got one of six names") }
        try demandEqual(try work.walk().count, 6 + 8 * 3, "volumes at the end")
        try work.clear()
        work.close()
    }
}
