public import EngineErrors
import FoundationEssentials

/// JSON of the specifications as values.
public enum SpecificationJSON {
    /// `subject` names the document in the error.
    public static func decode<T: Decodable>(_: T.Type, from bytes: [UInt8], _ subject: String) throws(EngineError) -> T {
        do {
            return try JSONDecoder().decode(T.self, from: Data(bytes))
        } catch {
            throw EngineError(.invalidArgument, "\(subject) can't be read: \(reason(error))", underlying: error)
        }
    }

    /// The same bytes for the same value.
    public static func encode(_ value: some Encodable) throws(EngineError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw EngineError(.internal, "an image document can't be written: \(error)", underlying: error)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context): "\"\(path(context))\" has the wrong type"
        case DecodingError.dataCorrupted(let context): context.codingPath.isEmpty ? "it is no JSON" : "\"\(path(context))\": \(context.debugDescription)"
        default: "\(error)"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        context.codingPath.map(\.stringValue).joined(separator: ".")
    }
}
