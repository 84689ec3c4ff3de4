import DriverHost
import DriverKit
import Glibc
import LinuxSystem

enum VolumeSuite {
    static let checks = [walks, exists, absent, users, contents, anew, many, stops, killed, parallel]
    static let actors = [maker]

    static func cycle(_ bench: Bench, _ driver: LoadedVolumeDriver, _ number: Int) throws {
        let name = "cycle-\(number)"
        bench.step("create, mount, unmount, walk, remove")
        try driver.create(name, options: bench.settings.objectOptions)
        _ = try driver.mount(name, user: "user")
        try driver.unmount(name, user: "user")
        try? driver.remove("absent")
        try driver.walk { _ in true }
        try driver.remove(name)
    }

    private static func open(_ bench: Bench) throws -> LoadedVolumeDriver {
        bench.step("open")
        return try LoadedVolumeDriver(bench.driver, bench.context(bench.driver.name, state: try bench.state()))
    }

    /// Opens an instance for `body` and closes it.
    private static func check(_ name: String, _ demand: String, seconds: Int = 10, _ body: @escaping @Sendable (Bench, LoadedVolumeDriver) throws -> Void) -> Check {
        Check(name, demand, seconds: seconds) { bench in
            let driver = try open(bench)
            try body(bench, driver)
            bench.close(driver)
        }
    }

    private static func names(_ bench: Bench, _ driver: LoadedVolumeDriver) throws -> [String] {
        bench.step("walk")
        var names: [String] = []
        try driver.walk {
            names.append($0.name)
            return true
        }
        return names.sorted()
    }

    private static let walks = check("volume.walk-tells-each-once", "walk tells every volume that was made, once, and none that was removed") { bench, driver in
        for name in ["one", "two.2", "three_3", "Four-4"] { try driver.create(name, options: bench.settings.objectOptions) }
        try demandEqual(try names(bench, driver), ["Four-4", "one", "three_3", "two.2"], "walk")
        try driver.remove("two.2")
        try demandEqual(try names(bench, driver), ["Four-4", "one", "three_3"], "walk after a removal")
        bench.close(driver)
        let again = try open(bench)
        try demandEqual(try names(bench, again), ["Four-4", "one", "three_3"], "walk of another instance")
        bench.close(again)
    }

    private static let exists = check("volume.name-is-taken", "making a volume whose name exists fails with EEXIST") { bench, driver in
        try driver.create("one", options: bench.settings.objectOptions)
        try bench.expect(EEXIST, of: "create of a volume that exists") { try driver.create("one", options: bench.settings.objectOptions) }
        try demandEqual(try names(bench, driver), ["one"], "walk after that")
    }

    private static let absent = check("volume.absent-is-ENOENT", "removing and mounting what does not exist fail with ENOENT") { bench, driver in
        try bench.expect(ENOENT, of: "remove of a volume that never was") { try driver.remove("absent") }
        try bench.expect(ENOENT, of: "mount of a volume that never was") { _ = try driver.mount("absent", user: "user") }
        try driver.create("one", options: bench.settings.objectOptions)
        try driver.remove("one")
        try bench.expect(ENOENT, of: "remove of a volume that was removed") { try driver.remove("one") }
    }

    private static let users = check("volume.many-users", "several users have a volume at once, and unmount is idempotent") { bench, driver in
        try driver.create("one", options: bench.settings.objectOptions)
        for user in ["a", "b", "a"] {
            bench.step("mount for \(user)")
            try demand(!(try driver.mount("one", user: user)).isEmpty, "mount gave nothing to mount")
        }
        for user in ["a", "a", "b", "never"] {
            bench.step("unmount for \(user)")
            try driver.unmount("one", user: user)
        }
        try driver.remove("one")
    }

    private static let contents = check("volume.contents-stay", "what one user wrote the next one reads, and another instance's as well") { bench, driver in
        try driver.create("one", options: bench.settings.objectOptions)
        try bench.mounted(try driver.mount("one", user: "a")) { try Files.replace("\($0)/file", with: Array("kept".utf8)) }
        try driver.unmount("one", user: "a")
        bench.close(driver)
        let again = try open(bench)
        let read = try bench.mounted(try again.mount("one", user: "b")) { try Files.read("\($0)/file") }
        try demandEqual(String(decoding: read, as: UTF8.self), "kept", "the file")
        bench.close(again)
    }

    private static let anew = check("volume.new-is-empty", "a volume that is made under a name that was removed is empty") { bench, driver in
        try driver.create("one", options: bench.settings.objectOptions)
        try bench.mounted(try driver.mount("one", user: "a")) { try Files.replace("\($0)/old", with: [1]) }
        try driver.unmount("one", user: "a")
        try driver.remove("one")
        try driver.create("one", options: bench.settings.objectOptions)
        let left = try bench.mounted(try driver.mount("one", user: "a")) { try Files.list($0) }
        try demandEqual(left, [], "its entries")
    }

    private static let many = check("volume.many", "500 volumes are made, told and removed", seconds: 30) { bench, driver in
        for number in 0..<500 { try driver.create("volume-\(number)", options: bench.settings.objectOptions) }
        try demandEqual(try names(bench, driver).count, 500, "volumes told")
        for number in 0..<500 { try driver.remove("volume-\(number)") }
        try demandEqual(try names(bench, driver).count, 0, "volumes left")
    }

    private static let stops = check("volume.walk-may-stop", "walk ends when its receiver says so, without an error") { bench, driver in
        for number in 0..<5 { try driver.create("volume-\(number)", options: bench.settings.objectOptions) }
        bench.step("walk, stopped after the first volume")
        var count = 0
        try driver.walk { _ in
            count += 1
            return false
        }
        try demandEqual(count, 1, "volumes told after the receiver said stop")
    }

    /// Makes volumes and says which, and is killed at the nth call on files.
    static let maker = Actor(name: "volume.make") { bench, arguments in
        let driver = try open(bench)
        _ = try Faults.strike(.kill, at: Int(arguments[0]) ?? 0) {
            for number in 0..<8 {
                try driver.create("volume-\(number)", options: bench.settings.objectOptions)
                ChildReport().say(.fact, "\(number + 1)")
            }
        }
    }

    private static let killed = Check("volume.survives-a-kill", "killed at any moment: what was acknowledged is there, and making and removing go on", seconds: 25) { bench in
        var round = 0, kills = 0
        while round < 16 {
            round += 1
            let ending = try bench.act("volume.make", ["\(round)"])
            let driver = try open(bench), acknowledged = Int(ending.facts.last ?? "0") ?? 0
            let found = try names(bench, driver)
            try demand((acknowledged...acknowledged + 1).contains(found.count), "\(acknowledged) volumes were acknowledged before the kill, \(found) are told")
            bench.step("create of all again")
            for number in 0..<8 where !found.contains("volume-\(number)") { try driver.create("volume-\(number)", options: bench.settings.objectOptions) }
            for number in 0..<8 { try driver.remove("volume-\(number)") }
            bench.close(driver)
            if ending.cause == .signal(SIGKILL) { kills += 1 } else { break }
        }
        try skip(unless: kills > 0, "the driver makes no calls of the C library that the check could kill it in")
    }

    private static let parallel = Check("volume.concurrent", "with the capability \"concurrent\", calls at the same time do what they do one after the other") { bench in
        try bench.skip(unless: .concurrent, "take calls at the same time")
        let driver = try open(bench), options = bench.settings.objectOptions
        bench.step("create, mount and remove on eight threads")
        try Parallel.run(8) { thread in
            for number in 0..<40 {
                let name = "volume-\(thread)-\(number)"
                try driver.create(name, options: options)
                _ = try driver.mount(name, user: "user")
                try driver.unmount(name, user: "user")
                if number % 2 == 0 { try driver.remove(name) }
            }
        }
        try demandEqual(try names(bench, driver).count, 160, "volumes told")
        bench.close(driver)
    }
}
