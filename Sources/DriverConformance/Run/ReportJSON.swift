/// What programs read.
enum ReportJSON {
    static func text(_ driver: DriverFacts, _ results: [Result], seconds: Double) -> String {
        let checks = results.map { result in
            """
                {"name": \(quoted(result.check.name)), "result": \(quoted(result.verdict.rawValue)), "milliseconds": \(Int(result.seconds * 1000)), \
            "demand": \(quoted(result.check.demand)), "reason": \(quoted(result.reason))}
            """
        }
        func count(_ verdict: Result.Verdict) -> Int { results.count { $0.verdict == verdict } }
        return """
            {
              "driver": {"kind": \(quoted(driver.kind)), "name": \(quoted(driver.name)), "version": \(quoted(driver.version)), "file": \(quoted(driver.path))},
              "passed": \(count(.passed)), "failed": \(count(.failed)), "skipped": \(count(.skipped)), "milliseconds": \(Int(seconds * 1000)),
              "checks": [
            \(checks.joined(separator: ",\n"))
              ]
            }
            """
    }

    static func error(_ text: String) -> String { "{\"error\": \(quoted(text))}" }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
