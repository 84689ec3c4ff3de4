import CSeccomp
import EngineErrors
import FoundationEssentials
import Glibc

/// A seccomp profile in Docker's JSON format.
struct ProfileDocument {
    private struct Document: Decodable {
        var defaultAction: String
        var defaultErrnoRet: Int32?
        var syscalls: [Rule]?
    }
    private struct Rule: Decodable {
        var names: [String]?
        var name: String?
        var action: String
        var errnoRet: Int32?
        var args: [Condition]?
        var includes, excludes: Filter?
    }
    private struct Condition: Decodable {
        var index: UInt32
        var value: UInt64
        var valueTwo: UInt64?
        var op: String
    }
    private struct Filter: Decodable {
        var caps: [String]?
        var arches: [String]?
        var minKernel: String?
    }

    private let document: Document

    init(_ text: String) throws(EngineError) {
        do { document = try JSONDecoder().decode(Document.self, from: Data(text.utf8)) } catch {
            throw EngineError(.invalidArgument, "Decoding seccomp profile failed: it is not a profile in JSON (\(error))", underlying: error)
        }
    }

    func compile(_ capabilities: Set<String>) throws(EngineError) -> [UInt8] {
        let filter = try SeccompFilter(defaultAction: action(document.defaultAction, document.defaultErrnoRet))
        for rule in document.syscalls ?? [] where applies(rule, capabilities) {
            let action = try action(rule.action, rule.errnoRet)
            let conditions = try (rule.args ?? []).map { condition throws(EngineError) in try self.condition(condition) }
            for name in (rule.names ?? []) + (rule.name.map { [$0] } ?? []) { try filter.add(action, name, conditions) }
        }
        return try filter.program()
    }

    private func applies(_ rule: Rule, _ capabilities: Set<String>) -> Bool {
        if let wanted = rule.includes?.caps, !wanted.allSatisfy(capabilities.contains) { return false }
        if let unwanted = rule.excludes?.caps, unwanted.contains(where: capabilities.contains) { return false }
        if let arches = rule.includes?.arches, !arches.isEmpty, !arches.contains(where: Self.isNative) { return false }
        if let arches = rule.excludes?.arches, arches.contains(where: Self.isNative) { return false }
        return true
    }

    private static func isNative(_ name: String) -> Bool {
        #if arch(x86_64)
            ["amd64", "x86_64"].contains(name)
        #else
            ["arm64", "aarch64"].contains(name)
        #endif
    }

    private func action(_ name: String, _ error: Int32?) throws(EngineError) -> UInt32 {
        switch name {
        case "SCMP_ACT_ALLOW": return 0x7fff_0000
        case "SCMP_ACT_ERRNO": return SeccompProgram.deny(error ?? EPERM)
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return 0
        case "SCMP_ACT_KILL_PROCESS": return 0x8000_0000
        case "SCMP_ACT_TRAP": return 0x0003_0000
        case "SCMP_ACT_TRACE": return 0x7ff0_0000 | UInt32(error ?? EPERM) & 0xffff
        case "SCMP_ACT_LOG": return 0x7ffc_0000
        default: throw EngineError(.invalidArgument, "invalid seccomp profile: unknown action \(name)")
        }
    }

    private func condition(_ condition: Condition) throws(EngineError) -> scmp_arg_cmp {
        let operations: [String: scmp_compare] = [
            "SCMP_CMP_NE": SCMP_CMP_NE, "SCMP_CMP_LT": SCMP_CMP_LT, "SCMP_CMP_LE": SCMP_CMP_LE, "SCMP_CMP_EQ": SCMP_CMP_EQ,
            "SCMP_CMP_GE": SCMP_CMP_GE, "SCMP_CMP_GT": SCMP_CMP_GT, "SCMP_CMP_MASKED_EQ": SCMP_CMP_MASKED_EQ,
        ]
        guard let operation = operations[condition.op], condition.index < 6 else {
            throw EngineError(.invalidArgument, "invalid seccomp profile: unknown comparison \(condition.op) of argument \(condition.index)")
        }
        return scmp_arg_cmp(arg: condition.index, op: operation, datum_a: condition.value, datum_b: condition.valueTwo ?? 0)
    }
}
