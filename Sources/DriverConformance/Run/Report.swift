/// What people read.
enum Report {
    static func line(_ result: Result) -> String {
        let time = "\(Int(result.seconds * 1000)) ms"
        let head = "\(result.verdict.rawValue.padded(8))\(result.check.name.padded(40))\(time)"
        switch result.verdict {
        case .passed: return head
        case .skipped: return "\(head)\n        \(result.reason)"
        case .failed: return "\(head)\n        demanded: \(result.check.demand)\n        \(result.reason.indented)"
        }
    }

    static func summary(_ driver: DriverFacts, _ results: [Result], seconds: Double) -> String {
        func count(_ verdict: Result.Verdict) -> Int { results.count { $0.verdict == verdict } }
        return "\(driver.kind) driver \(driver.name) \(driver.version): \(count(.passed)) passed, \(count(.failed)) failed, \(count(.skipped)) skipped in \(tenths(seconds)) s"
    }

    private static func tenths(_ seconds: Double) -> String {
        let number = Int(seconds * 10)
        return "\(number / 10).\(number % 10)"
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }

    fileprivate var indented: String { split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n        ") }
}
