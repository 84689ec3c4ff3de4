public import EngineWire

/// Cuts a stream into JSON values: one a line, or one after the other.
public struct Messages: Sendable {
    private let response: Response
    private var buffer: [UInt8] = []
    private var place = 0
    private var depth = 0
    private var isText = false
    private var isEscaped = false

    public init(_ response: Response) { self.response = response }

    /// The next object; nil at the end.
    public mutating func next() throws(ClientError) -> JSONValue? {
        while true {
            if let bytes = whole() {
                do { return try JSONValue(parsing: bytes) } catch { throw .broken("malformed JSON in the answer: \(error.description)") }
            }
            guard let more = try response.read() else { return nil }
            buffer += more
        }
    }

    private mutating func whole() -> [UInt8]? {
        while place < buffer.count {
            let byte = buffer[place]
            place += 1
            if isText {
                if isEscaped { isEscaped = false } else if byte == 0x5c { isEscaped = true } else if byte == 0x22 { isText = false }
                continue
            }
            switch byte {
            case 0x22: isText = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                guard depth == 0 else { continue }
                defer {
                    buffer.removeFirst(place)
                    place = 0
                }
                return Array(buffer[..<place])
            default: continue
            }
        }
        return nil
    }
}
