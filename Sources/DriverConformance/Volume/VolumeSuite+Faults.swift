import DriverHost
import DriverKit
import Glibc
import LinuxSystem

extension VolumeSuite {
    /// One call, killed at its nth call on files.
    static let caller = Actor(name: "volume.call") { bench, arguments in
        let work = try VolumeBench(bench)
        _ = try Faults.strike(.kill, at: Int(arguments[1]) ?? 0) { try run(arguments[0], work) }
    }

    private static func run(_ call: String, _ work: VolumeBench) throws {
        if call == "create" { try work.volumes.create("v", options: work.bench.settings.objectOptions) } else { try work.volumes.remove("v") }
    }

    static let killed = Check("volume.survives-a-kill", "killed anywhere in create or remove: the next instance has the volume, whole, or has it not, and can repeat the call", seconds: 20) { bench in
        try cutOff(bench) { call, place, work in
            work.close()
            let ending = try bench.act("volume.call", [call, "\(place)"])
            try work.reopened()
            try demand(ending.cause == .signal(SIGKILL) || ending.cause == .exited(0), "\(call) in a process of its own ended with \(ending.cause): \(ending.lines.last?.text ?? "")")
            return (struck: ending.cause == .signal(SIGKILL), isDone: ending.cause == .exited(0), isRefused: false)
        }
    }

    static let brokenOnce = faulty("volume.survives-io-errors", "EIO", .brokenOnce)
    static let full = faulty("volume.disk-full", "ENOSPC", .full)

    private static func faulty(_ name: String, _ error: String, _ kind: Faults.Kind) -> Check {
        Check(name, "when calls on files fail with \(error) in create or remove, the call fails and nothing is half made, or it works; a repeat works") { bench in
            try cutOff(bench) { call, place, work in
                var isDone = true
                bench.step("\(call) with \(error) at file call \(place)")
                let struck = Faults.strike(kind, at: place) { do { try run(call, work) } catch { isDone = false } }
                return (struck, isDone, !isDone)
            }
        }
    }

    /// Cuts create and remove off at each place, and looks at what is there.
    private static func cutOff(_ bench: Bench, _ cut: (_ call: String, _ place: Int, VolumeBench) throws -> (struck: Bool, isDone: Bool, isRefused: Bool)) throws {
        let work = try VolumeBench(bench)
        let files = try Folder.all(work.state)
        var strikes = 0
        try work.create("other")
        for call in ["create", "remove"] {
            for place in 1...40 {
                if call == "remove" { try work.create("v") }
                let end = try cut(call, place, work), when = "after \(call) was cut off at file call \(place)"
                let names = try work.names()
                try demand(names.contains("other") && names.subtracting(["other", "v"]).isEmpty, "\(when) there are \(names.sorted())")
                if end.isDone { try demand(names.contains("v") == (call == "create"), "\(call) returned success and the volume is \(names.contains("v") ? "still" : "not") there") }
                if end.isRefused && call == "create" { try demand(!names.contains("v"), "\(when) it returned an error and the volume is there") }
                if names.contains("v") {
                    do { try work.inside("v", "c") { try Files.replace("\($0)/x", with: [1]) } } catch {
                        throw Outcome.failed("\(when) the volume that is there can't be used: \(Bench.parts(error).text)")
                    }
                    try work.unmount("v", "c")
                }
                if !names.contains("v") && call == "create" { try work.create("v") }
                if try work.names().contains("v") { try work.remove("v") }
                if !end.struck { break }
                strikes += 1
            }
        }
        try work.clear()
        try work.reopen()
        try demandEqual(try Folder.all(work.state), files, "names in the driver's folder after all volumes were removed")
        work.close()
        try skip(unless: strikes > 0, "the driver makes no calls of the C library that the check could strike")
    }
}
