import EngineCore
import EngineWire

enum CheckBody {
    static func report(_ report: CheckReport) -> JSONValue {
        [
            "Findings": .array(report.entries.map(entry)), "SetAside": .array(report.setAside.map(setAside)), "Left": .integer(Int64(report.left)),
            "Repaired": .integer(Int64(report.entries.count - report.left)),
        ]
    }

    private static func entry(_ entry: CheckReport.Entry) -> JSONValue {
        let finding = entry.finding
        var body: JSONValue = ["Kind": .string(finding.kind.rawValue), "Object": .string(finding.object), "Problem": .string(finding.problem), "Repair": .string(finding.repair.rawValue)]
        switch entry.outcome {
        case .left: body["Outcome"] = "left"
        case .repaired: body["Outcome"] = "repaired"
        case .failed(let reason):
            body["Outcome"] = "failed"
            body["Error"] = .string(reason)
        }
        return body
    }

    private static func setAside(_ item: CheckReport.SetAside) -> JSONValue {
        ["Object": .string(item.object), "Reason": .string(item.reason), "Time": .string(item.time == 0 ? "" : Timestamp.format(item.time))]
    }
}
