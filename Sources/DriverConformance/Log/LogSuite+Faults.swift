import DriverHost
import DriverKit
import Glibc
import LinuxSystem

extension LogSuite {
    private static func reading(_ name: String, _ demand: String, seconds: Int = 10, _ body: @escaping @Sendable (Bench) throws -> Void) -> Check {
        Check(name, demand, seconds: seconds) { bench in
            try bench.skip(unless: .read, "read lines back")
            try body(bench)
        }
    }

    private static let batchSize = 3

    /// Writes batches of numbered lines, says which it may count on, and is killed at the nth call on files.
    static let writer = Actor(name: "log.write") { bench, arguments in
        let place = Int(arguments[0]) ?? 0
        let log = try LogBench(bench)
        _ = try Faults.strike(.kill, at: place) {
            let instance = try log.open()
            for start in stride(from: 0, to: 30, by: batchSize) {
                try instance.put((start..<start + batchSize).map { Line(number: $0) }[...])
                try instance.flush()
                ChildReport().say(.fact, "\(start + batchSize)")
            }
            instance.close()
        }
    }

    static let killed = reading("log.survives-a-kill", "a writer killed at any moment: what was acknowledged is there, nothing in part, and writing goes on", seconds: 25) { bench in
        var round = 0, kills = 0
        while round < 16 {
            round += 1
            // Its own report is a write as well, so each place is one of two.
            let ending = try bench.act("log.write", ["\(round * 2 - 1)"])
            let log = try LogBench(bench)
            let acknowledged = Int(ending.facts.last ?? "0") ?? 0
            let found = try log.texts(LogQuery(), "read after a kill")
            let whole = (0..<found.count).map { Line(number: $0).bytes }
            try Lines.same(found, whole, "after a kill with \(acknowledged) lines acknowledged")
            try demand((acknowledged...acknowledged + batchSize).contains(found.count), "\(acknowledged) lines were acknowledged before the kill, \(found.count) are there")
            try log.write([Line(number: found.count)])
            try Lines.same(try log.texts(), whole + [Line(number: found.count).bytes], "a line written after the kill")
            if ending.cause == .signal(SIGKILL) { kills += 1 } else { break }
            ScratchFolder.empty(log.state)
        }
        try skip(unless: kills > 0, "the driver makes no calls of the C library that the check could kill it in")
    }

    static let tornTail = reading("log.repairs-a-torn-tail", "a file whose last bytes are missing, as after a power cut: whole lines stay, and writing goes on behind them", seconds: 20) { bench in
        for cut in [1, 2, 3, 7, 20, 45] {
            let log = try LogBench(bench)
            try log.write((0..<20).map { Line(number: $0) })
            let before = try sizes(log.state)
            try log.write([Line(number: 20)])
            let grown = try sizes(log.state).filter { $0.value > before[$0.key] ?? 0 }.max { $0.value < $1.value }
            guard let file = grown else { throw Outcome.skipped("no file of the log grows with it") }
            bench.step("cut \(cut) bytes off \(file.key)")
            try Errno.check("truncate \(file.key)", truncate(file.key, off_t(file.value - cut)))
            try log.write([Line(number: 99)])
            let found = try log.texts()
            let whole = found.count - 1
            try demand((18...21).contains(whole), "\(cut) bytes were cut off; of 21 lines \(whole) are left, and one written since")
            try Lines.same(found, (0..<whole).map { Line(number: $0).bytes } + [Line(number: 99).bytes], "after a cut of \(cut) bytes")
            ScratchFolder.empty(log.state)
        }
    }

    private static func sizes(_ state: String) throws -> [String: Int] {
        Dictionary(try Folder.files(state).map { ($0, Int(Folder.status($0)?.st_size ?? 0)) }) { $1 }
    }

    static let noSpace = reading("log.disk-full", "without room a write fails with ENOSPC, what was acknowledged stays, and with room again writing goes on") { bench in
        let log = try LogBench(bench)
        try SmallDisk.mount(at: log.state, kilobytes: 512)
        let ballast = "\(log.state)/.ballast"
        try Files.replace(ballast, with: [UInt8](repeating: 1, count: 100_000))
        let instance = try log.open()
        var acknowledged = 0, refusal: Int32 = 0
        for number in 0..<1000 where refusal == 0 {
            bench.step("write of a line of 1 kB to a disk with little room")
            do {
                try instance.put([Line(number: number, filling: 1000)])
                try instance.flush()
                acknowledged += 1
            } catch { refusal = Bench.parts(error).code }
        }
        try demandEqual(refusal == 0 ? "no error" : ErrorNames.name(refusal), "ENOSPC", "writing to a full disk (after \(acknowledged) kB)")
        try Errno.check("unlink", unlink(ballast))
        bench.step("write with room again")
        try instance.put([Line(number: 5000)])
        try instance.flush()
        bench.close(instance)
        let found = try log.texts()
        let old = found.dropLast()
        try demand((acknowledged...acknowledged + 1).contains(old.count), "\(acknowledged) lines were acknowledged, \(old.count) are there")
        try Lines.same(found, (0..<old.count).map { Line(number: $0, filling: 1000).bytes } + [Line(number: 5000).bytes], "after a full disk")
    }

    static let faults = reading("log.survives-io-errors", "when a call on files fails with EIO, the driver's call fails or the line is there, and the next one works") { bench in
        var place = 0, strikes = 0
        while place < 12 {
            place += 1
            let log = try LogBench(bench)
            try log.write([Line(number: 0)])
            let instance = try log.open()
            var isThere = true
            bench.step("write with EIO at file call \(place)")
            let struck = Faults.strike(.brokenOnce, at: place) {
                do {
                    try instance.put([Line(number: 1)])
                    try instance.flush()
                } catch { isThere = false }
            }
            try instance.write([Line(number: 2)], bench)
            bench.close(instance)
            let found = try log.texts()
            let with = [0, 1, 2].map { Line(number: $0).bytes }, without = [0, 2].map { Line(number: $0).bytes }
            if isThere || found != without { try Lines.same(found, with, "after EIO at file call \(place)") }
            ScratchFolder.empty(log.state)
            if !struck { break }
            strikes += 1
        }
        try skip(unless: strikes > 0, "the driver makes no calls of the C library that the check could let fail")
    }
}
