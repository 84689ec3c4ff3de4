import DriverHost
import Glibc
import LinuxSystem

/// What the loader says about a file.
struct DriverFacts: Sendable {
    var kind, name, version, path: String
}

/// Runs the checks of one driver, one after the other, each in a process of its own.
struct Verification {
    /// The driver's file can't be loaded.
    struct Refusal: Error { var text: String }

    let settings: Settings
    let path: String
    /// Seconds for everything; what has not begun by then is skipped.
    private static let limit = 55.0

    /// The loader's opinion, asked in a process of its own: constructors of the file run there.
    /// - Throws: `Refusal`.
    func describe(in place: String) throws -> DriverFacts {
        let errors = "\(place)/describe.stderr"
        let ending = try CheckProcess.run(try SelfProgram.arguments(["--describe"] + settings.arguments + [path]), errors: errors, seconds: 10)
        let facts = ending.facts
        if ending.cause == .exited(0), facts.count == 4 { return DriverFacts(kind: facts[0], name: facts[1], version: facts[2], path: path) }
        if let refusal = ending.lines.last(where: { $0.word == .failed }) { throw Refusal(text: refusal.text) }
        switch ending.cause {
        case .deadline(let seconds): throw Refusal(text: "the driver file \(path) was refused: it did not load within \(seconds) s")
        case .signal(let number): throw Refusal(text: "the driver file \(path) was refused: loading it killed the process (signal \(number))")
        case .exited(let status): throw Refusal(text: "the driver file \(path) was refused: loading it ended the process (status \(status))")
        }
    }

    func run(_ kind: DriverKind, in place: String, _ show: (Result) -> Void) throws -> [Result] {
        let begin = Clock.now
        return try Suites.checks(of: kind).filter(settings.wants).map { check in
            let result = try Clock.now - begin > Self.limit ? late(check) : run(check, in: place)
            show(result)
            return result
        }
    }

    private func late(_ check: Check) -> Result {
        Result(check: check, verdict: .skipped, reason: "the checks before it took all of the time (\(Int(Self.limit)) s)", seconds: 0)
    }

    private func run(_ check: Check, in place: String) throws -> Result {
        let folder = "\(place)/\(check.name)"
        try Files.makeDirectory(folder)
        let begin = Clock.now
        let arguments = ["--check", check.name, "--folder", folder] + settings.arguments + [path]
        let ending = try CheckProcess.run(try SelfProgram.arguments(arguments), errors: "\(folder).stderr", seconds: check.seconds)
        let seconds = Clock.now - begin
        let errors = String(decoding: (try? Files.read("\(folder).stderr")) ?? [], as: UTF8.self)
        ScratchFolder.empty(folder)
        return Result(check, ending, seconds: seconds, errors: errors.split(separator: "\n").suffix(2).joined(separator: " "))
    }
}
