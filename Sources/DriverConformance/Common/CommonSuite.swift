import DriverHost
import DriverKit
import Glibc
import LinuxSystem

/// What is demanded of every driver, whatever its kind.
enum CommonSuite {
    static let checks: [Check] = [
        describes, opens, largerStructs, unknownOption, oddOptions, cancel,
        .leak("driver.keeps-no-descriptors", "a cycle of calls leaves no open descriptor behind", cycles: 6) { before, after, _ in
            if after.descriptors.count <= before.descriptors.count { return nil }
            var extra = after.descriptors
            for name in before.descriptors { if let place = extra.firstIndex(of: name) { extra.remove(at: place) } }
            return "\(before.descriptors.count) open descriptors before, \(after.descriptors.count) after; of \(Set(extra).sorted().prefix(3).joined(separator: ", "))"
        },
        .leak("driver.keeps-no-memory", "a cycle of calls leaves no memory behind", cycles: 150) { before, after, cycles in
            let growth = after.memory - before.memory
            return growth > 512 * 1024 && growth / max(cycles, 1) > 2048 ? "\(growth / 1024) KiB more, \(growth / max(cycles, 1)) bytes for each cycle" : nil
        },
        .leak("driver.keeps-no-threads", "a cycle of calls leaves no thread behind", cycles: 8) { before, after, cycles in
            after.threads > before.threads + max(2, cycles / 2) ? "\(before.threads) threads before, \(after.threads) after" : nil
        },
        .leak("driver.keeps-no-mounts", "a driver mounts nothing in the engine's mount namespace", cycles: 3) { before, after, _ in
            after.mounts > before.mounts ? "\(before.mounts) mounts before, \(after.mounts) after" : nil
        },
    ]

    private static let describes = Check("driver.describes-itself", "name, version, a line for people, and options each with a name and a summary") { bench in
        let driver = bench.driver
        try demand(!driver.summary.isEmpty, "gantry_driver.summary is empty")
        try demand(driver.summary.utf8.count <= 200 && !driver.summary.utf8.contains { $0 < 0x20 }, "gantry_driver.summary is no line of up to 200 bytes: \(driver.summary)")
        for (list, what) in [(driver.options, "options"), (driver.objectOptions, "object_options")] {
            let names = list.map(\.name)
            try demand(Set(names).count == names.count, "\(what) has a name twice: \(names.sorted())")
            for option in list {
                try demand(!option.name.isEmpty && !option.name.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "=") }, "\(what) has an option called \"\(option.name)\"")
                try demand(!option.summary.isEmpty, "the option \(option.name) has no summary")
            }
        }
    }

    private static let opens = Check("driver.opens-again-and-again", "an instance opens on an empty folder, closes, and opens on its own folder again") { bench in
        for _ in 0..<5 { bench.close(try bench.openAny()) }
    }

    private static let unknownOption = Check("driver.refuses-unknown-options", "open with an option that the driver does not declare fails with EINVAL and a sentence") { bench in
        try bench.expect(EINVAL, of: "open with the option no-such-option=1") { bench.close(try bench.openAny(options: ["no-such-option": "1"])) }
    }

    private static let oddOptions = Check("driver.survives-odd-options", "a value that makes no sense is refused with a sentence or has no effect") { bench in
        let odd = ["", "-5", "99999999999999999999999", "12x", "maybe", "\u{0}\n\u{7f}", "{{", "%n%s", String(repeating: "x", count: 100_000)]
        for option in bench.driver.options {
            for value in odd {
                do { bench.close(try bench.openAny(options: [option.name: value])) } catch {
                    let text = Bench.parts(error).text
                    try demand(text.utf8.count >= 8, "open with \(option.name)=\(value.prefix(40)) failed with the text \"\(text)\"")
                }
            }
        }
        bench.close(try bench.openAny())
    }

    private static let cancel = Check("driver.cancel-may-come-at-any-time", "cancel with no call under way does nothing to the calls after it") { bench in
        let instance = try bench.openAny()
        bench.step("cancel")
        instance.cancel()
        instance.cancel()
        try Cycle.run(bench, instance, 1)
        bench.step("cancel from other threads")
        nonisolated(unsafe) let shared = instance
        try Parallel.run(4) { _ in for _ in 0..<50 { shared.cancel() } }
        try Cycle.run(bench, instance, 2)
        bench.close(instance)
    }
}

extension Check {
    /// Runs cycles of calls and compares what the process holds. `growth` says what grew; nil: nothing.
    fileprivate static func leak(
        _ name: String, _ demand: String, cycles wanted: Int, _ growth: @escaping @Sendable (_ before: ProcessState, _ after: ProcessState, _ cycles: Int) -> String?
    ) -> Check {
        Check(name, demand, seconds: 12) { bench in
            var number = 0
            func cycles(_ count: Int, seconds: Double) throws -> Int {
                let begin = Clock.now
                for done in 0..<count {
                    if Clock.now - begin > seconds { return done }
                    let instance = try bench.openAny()
                    number += 1
                    try Cycle.run(bench, instance, number)
                    bench.close(instance)
                }
                return count
            }
            _ = try cycles(min(wanted, 15), seconds: 0.7)
            let before = try ProcessState.now()
            let count = try cycles(wanted, seconds: 1.8)
            // Threads of the driver's own may still be on their way out.
            for _ in 0..<10 where growth(before, try ProcessState.now(), count) != nil { usleep(50_000) }
            if let text = growth(before, try ProcessState.now(), count) { throw Outcome.failed("after \(count) cycles of calls: \(text)") }
        }
    }
}
