import Glibc

/// What one check showed.
struct Result: Sendable {
    enum Verdict: String, Sendable { case passed, failed, skipped }
    var check: Check
    var verdict: Verdict
    /// Of what failed or was skipped.
    var reason: String
    var seconds: Double
}

extension Result {
    /// What the end of a check's process means.
    /// - Parameter errors: what it wrote to standard error.
    init(_ check: Check, _ ending: Ending, seconds: Double, errors: String) {
        self.check = check
        self.seconds = seconds
        let place = ending.lastStep.map { " in: \($0)" } ?? ""
        for line in ending.lines.reversed() {
            guard let verdict = Verdict(rawValue: line.word.rawValue) else { continue }
            self.verdict = verdict
            reason = line.text.hasPrefix(Self.refused) ? "\(line.text)\(place)" : line.text
            return
        }
        verdict = .failed
        switch ending.cause {
        case .deadline(let limit): reason = "hung for \(limit) s\(place)"
        case .signal(let number): reason = "the process died of \(Self.name(number))\(place)\(errors.isEmpty ? "" : "; it said: \(errors)")"
        case .exited(let status): reason = "the process ended with status \(status)\(place)\(errors.isEmpty ? "" : "; it said: \(errors)")"
        }
    }

    /// How the reason begins when a call failed that must work.
    static let refused = "a call failed that must work"

    private static func name(_ signal: Int32) -> String {
        let names: [Int32: String] = [
            SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGTRAP: "SIGTRAP", SIGALRM: "SIGALRM",
            SIGXFSZ: "SIGXFSZ", SIGPIPE: "SIGPIPE", SIGSYS: "SIGSYS",
        ]
        return names[signal] ?? "signal \(signal)"
    }
}
