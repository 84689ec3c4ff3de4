/// Takes Docker's frames apart as they come, without holding a frame back until it is whole.
public struct Demultiplexer: Sendable {
    private var header: [UInt8] = []
    private var left = 0

    public init() {}

    /// - Parameter out: called with the stream (1 stdout, 2 stderr, 3 the engine's own error) and some of its bytes.
    public mutating func feed(_ bytes: [UInt8], _ out: (_ stream: UInt8, _ bytes: ArraySlice<UInt8>) throws -> Void) rethrows {
        var rest = bytes[...]
        while !rest.isEmpty {
            if left == 0 {
                let part = rest.prefix(8 - header.count)
                header += part
                rest = rest.dropFirst(part.count)
                guard header.count == 8 else { return }
                left = header[4...].reduce(0) { $0 << 8 | Int($1) }
                if left == 0 { header = [] }
                continue
            }
            let part = rest.prefix(left)
            try out(header[0], part)
            rest = rest.dropFirst(part.count)
            left -= part.count
            if left == 0 { header = [] }
        }
    }
}
