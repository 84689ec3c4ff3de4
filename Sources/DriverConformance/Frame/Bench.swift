import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// What a check works with: the loaded driver, a folder, and numbers that are the same in each run.
final class Bench {
    let driver: LoadedDriver
    let settings: Settings
    /// An empty folder of this check.
    let folder: String
    var random = Random(seed: 42)
    private let report: ChildReport

    init(_ driver: LoadedDriver, _ settings: Settings, folder: String, report: ChildReport) {
        self.driver = driver
        self.settings = settings
        self.folder = folder
        self.report = report
    }

    /// What comes next: named when the driver crashes or hangs in it.
    func step(_ text: String) { report.step(text) }

    /// A folder for one instance; made.
    func state(_ name: String = "state") throws -> String {
        let path = "\(folder)/\(name)"
        try Files.makeDirectories(path)
        return path
    }

    func context(_ name: String, state: String, options: [String: String] = [:], labels: [String: String] = [:], readOnly: Bool = false) -> OpenContext {
        OpenContext(
            name: name, stateDirectory: state, mark: "verify", options: settings.options.merging(options) { $1 }, labels: labels, readOnly: readOnly)
    }

    func skip(unless capability: DriverCapabilities, _ ability: String) throws {
        if !driver.capabilities.contains(capability) { throw Outcome.skipped("the driver does not say that it can \(ability)") }
    }

    /// Runs an actor in a process of its own. - Returns: how it ended.
    func act(_ actor: String, _ arguments: [String], seconds: Int = 10) throws -> Ending {
        step("\(actor) \(arguments.joined(separator: " ")) in a process of its own")
        let program = try SelfProgram.arguments(["--act", actor, "--folder", folder, "--seed", "\(random.next() >> 1)"] + settings.arguments + [driver.path] + arguments)
        return try CheckProcess.run(program, errors: "\(folder).\(actor).stderr", seconds: seconds)
    }

    func seed(_ number: UInt64) { random = Random(seed: number) }
}

extension Bench {
    /// A call that must fail.
    func expect(_ codes: Int32..., of call: String, _ body: () throws -> Void) throws {
        step(call)
        let names = codes.map(ErrorNames.name).joined(separator: " or ")
        do { try body() } catch let outcome as Outcome { throw outcome } catch {
            let (code, text) = Self.parts(error)
            try demand(codes.contains(code), "\(call): \(names) was expected, \(ErrorNames.name(code)) (\(text)) was seen")
            return
        }
        throw Outcome.failed("\(call): \(names) was expected, it succeeded")
    }

    static func parts(_ error: any Error) -> (code: Int32, text: String) {
        if let error = error as? DriverError { return (error.code, error.message) }
        if let error = error as? EngineError { return (error.errno ?? EIO, error.message) }
        if let error = error as? Errno { return (error.code, error.description) }
        return (EIO, "\(error)")
    }
}

/// "ENOENT" for 2.
enum ErrorNames {
    private static let table: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", EIO: "EIO", EBADF: "EBADF", EACCES: "EACCES", EBUSY: "EBUSY", EEXIST: "EEXIST", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR",
        EISDIR: "EISDIR", EINVAL: "EINVAL", ENOSPC: "ENOSPC", EROFS: "EROFS", ENOTEMPTY: "ENOTEMPTY", ENOTSUP: "ENOTSUP", EADDRINUSE: "EADDRINUSE",
        ETIMEDOUT: "ETIMEDOUT", ECANCELED: "ECANCELED", ENOMEM: "ENOMEM", EXDEV: "EXDEV", ENOSYS: "ENOSYS", EPROTO: "EPROTO",
    ]

    static func name(_ code: Int32) -> String { table[code] ?? "errno \(code)" }
}
