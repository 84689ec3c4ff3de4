import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// The side of a child: loads the driver and does one thing with it.
enum Child {
    static func run(_ settings: Settings, _ words: [String]) -> Int32 {
        let report = ChildReport()
        _ = fcntl(ChildReport.descriptor, F_SETFD, FD_CLOEXEC)
        // Nobody looks after a child whose parent is gone.
        alarm(90)
        signal(SIGPIPE, SIG_IGN)
        report.step("load \(words[0])")
        let driver: LoadedDriver
        do throws(EngineError) { driver = try Loader.load(words[0], checksOwnership: false) } catch {
            report.say(.failed, error.message)
            return 2
        }
        if settings.describes {
            for fact in [driver.kind.description, driver.name, driver.version, driver.summary] { report.say(.fact, fact) }
            return 0
        }
        let bench = Bench(driver, settings, folder: settings.folder ?? "/nonexistent", report: report)
        if let seed = settings.seed { bench.seed(seed) }
        do {
            // What is mounted here, nobody else sees, and it ends with this process.
            try MountNamespace.enterPrivate()
            if driver.kind == .network { try NetworkBench.becomeHost() }
            return try carryOut(settings, words, bench, report)
        } catch {
            report.say(.failed, "\(error)")
            return 1
        }
    }

    private static func carryOut(_ settings: Settings, _ words: [String], _ bench: Bench, _ report: ChildReport) throws -> Int32 {
        if let name = settings.actor {
            guard let actor = Suites.actors.first(where: { $0.name == name }) else { throw Outcome.failed("no actor \(name)") }
            try actor.body(bench, Array(words.dropFirst()))
            // No destructor of the driver's image runs: it is never unloaded.
            _exit(0)
        }
        guard let check = Suites.checks(of: bench.driver.kind).first(where: { $0.name == settings.check }) else { throw Outcome.failed("no check \(settings.check ?? "")") }
        do {
            try check.body(bench)
            report.say(.passed)
        } catch Outcome.skipped(let why) {
            report.say(.skipped, why)
        } catch Outcome.failed(let why) {
            report.say(.failed, why)
        } catch {
            let (code, text) = Bench.parts(error)
            report.say(.failed, "\(Result.refused): \(text) (\(ErrorNames.name(code)))")
        }
        _exit(0)
    }
}
