public import EngineWire

/// The JSON documents of an answer, one a line, as they come.
public struct JSONLines: Sendable {
    private let answer: Answer
    private var buffer: [UInt8] = []

    public init(_ answer: Answer) { self.answer = answer }

    /// The next document; nil at the end.
    public mutating func next() throws(EngineFailure) -> JSONValue? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                if let value = try Self.document(line) { return value }
            } else if let more = try answer.read() {
                buffer += more
            } else {
                defer { buffer = [] }
                return try Self.document(buffer)
            }
        }
    }

    private static func document(_ line: [UInt8]) throws(EngineFailure) -> JSONValue? {
        guard line.contains(where: { $0 > 0x20 }) else { return nil }
        do { return try JSONValue(parsing: line) } catch { throw .broken("the answer is no JSON: \(error.description)") }
    }
}
