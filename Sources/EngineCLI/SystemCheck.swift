import EngineClient
import EngineWire

extension Command {
    static let systemCheck = Command(
        names: ["system check"], usage: "[OPTIONS]", summary: "Compare the engine's records, files and kernel objects with each other",
        flags: [
            Flag("deep", nil, .bool, "Read every blob, too"),
            Flag("repair", nil, .bool, "Repair what can be: remove what has no owner, make again what is missing, set aside what can't be read"),
            Flag("json", nil, .bool, "Report as JSON"),
        ], words: 0...0
    ) { call in
        let repair = call.flags.bool("repair")
        let report = try call.engine.send(Call(repair ? "POST" : "GET", "/gantry/check", [("deep", call.flags.bool("deep") ? "1" : "0")])).json()
        if call.flags.bool("json") { Output.line(report.text) } else { CheckText(report, repaired: repair).print() }
        return report["Left"].integer == 0 ? 0 : 1
    }
}

/// A check's report for people.
private struct CheckText {
    let report: JSONValue
    let repaired: Bool

    init(_ report: JSONValue, repaired: Bool) {
        self.report = report
        self.repaired = repaired
    }

    func print() {
        let findings = report["Findings"].array
        if !findings.isEmpty {
            let rows = findings.map { [$0["Kind"].string, short($0["Object"].string), last($0), problem($0)] }
            Output.write(Table(header: ["KIND", "OBJECT", repaired ? "OUTCOME" : "REPAIR", "PROBLEM"], rows: rows).text.utf8)
        }
        let aside = report["SetAside"].array
        if !aside.isEmpty {
            if !findings.isEmpty { Output.line("") }
            Output.write(Table(header: ["SET ASIDE", "REASON"], rows: aside.map { [$0["Object"].string, $0["Reason"].string] }).text.utf8)
        }
        if !findings.isEmpty || !aside.isEmpty { Output.line("") }
        Output.line(closing(findings))
    }

    /// Ids as people read them; names and paths whole.
    private func short(_ object: String) -> String {
        let digits = object.hasPrefix("sha256:") ? object.dropFirst(7) : Substring(object)
        return digits.count == 64 && digits.allSatisfy(\.isHexDigit) ? ContainerList.short(object, false) : object
    }

    private func last(_ finding: JSONValue) -> String { repaired ? finding["Outcome"].string : finding["Repair"].string }

    private func problem(_ finding: JSONValue) -> String {
        let error = finding["Error"].string
        return finding["Problem"].string + (error.isEmpty ? "" : ": \(error)")
    }

    private func closing(_ findings: [JSONValue]) -> String {
        func count(_ number: Int64) -> String { number == 1 ? "1 finding" : "\(number) findings" }
        let left = report["Left"].integer, done = report["Repaired"].integer
        if findings.isEmpty { return "Everything agrees." }
        if repaired { return left == 0 ? "\(count(done)), all repaired." : "\(count(done)) repaired, \(left) left." }
        let mendable = findings.contains { $0["Repair"].string != "report" }
        return "\(count(left))." + (mendable ? " Repair what can be with: gantry system check --repair" : "")
    }
}
