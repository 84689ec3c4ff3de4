import EngineErrors
import EngineWire

/// The body of `update`: Docker's, and Gantry's own `LogConfig`.
struct UpdateRequest {
    let logDriver: String
    let logOptions: [String: String]

    /// - Throws: `.unsupported` for what can't be changed yet.
    init(_ body: JSONValue) throws(EngineError) {
        // Clients send every limit, most of them as zero.
        for member in body.entries where member.key.lowercased() != "logconfig" && Self.asks(member.value) {
            throw EngineError(.unsupported, "\(member.key) of an existing container can't be changed yet; only its log driver can")
        }
        let log = body.ignoringCase("LogConfig")
        guard !log.isNull else { throw EngineError(.invalidArgument, "the update changes nothing: give LogConfig") }
        logDriver = log.ignoringCase("Type").string
        logOptions = try CreateRequest.map(log.ignoringCase("Config"), "LogConfig.Config")
    }

    private static func asks(_ value: JSONValue) -> Bool {
        switch value {
        case .null: false
        case .bool(let flag): flag
        case .integer(let number): number != 0
        case .string(let text): !text.isEmpty
        case .array(let values): !values.isEmpty
        case .object: value.entries.contains { asks($0.value) }
        default: true
        }
    }
}
