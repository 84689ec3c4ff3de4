// The language of an engine's process and a `gantry-driver-host`, over unix stream sockets.
//
// A message is its length (u32, without itself), a number (u32) and values: integers of 8 bytes, texts and lists with
// their count before them; in the machine's byte order, for both ends are the same build on the same machine. One
// socket carries one call at a time: a request, and its reply.

/// What a host is asked for.
enum HostCall: UInt32 {
    // on the first socket
    case open = 1, addSocket, cancel, close
    // on the others; storage
    case prepare = 16, view, mounts, commit, remove, usage, walk
    // network
    case createNetwork = 32, removeNetwork, join, leave
    // volume; `remove`, `usage` and `walk` as above
    case create = 48, mount, unmount
    // log; `remove` as above
    case write = 64, flush, read

    /// As the driver's author knows it.
    var name: String {
        switch self {
        case .createNetwork: "create_network"
        case .removeNetwork: "remove_network"
        default: "\(self)"
        }
    }
}

enum HostReply: UInt32 {
    case result = 1
    /// An errno and the driver's sentence.
    case failure
    /// Lines of a log; the reader answers with one byte: 1 for more, 0 for enough.
    case lines
}

/// The other end sent what no build of ours sends, or nothing.
struct BrokenMessage: Error {}

struct MessageWriter {
    private(set) var bytes: [UInt8]

    init(_ number: UInt32) {
        bytes = []
        bytes.reserveCapacity(256)
        raw(UInt32(0))
        raw(number)
    }

    /// With its length in front.
    consuming func finished() -> [UInt8] {
        let length = UInt32(bytes.count - 4)
        withUnsafeBytes(of: length) { source in bytes.withUnsafeMutableBytes { $0.copyBytes(from: source) } }
        return bytes
    }

    mutating func put(_ value: some HostValue) { value.put(in: &self) }

    mutating func raw(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
    mutating func raw(_ buffer: UnsafeRawBufferPointer) {
        raw(UInt64(buffer.count))
        bytes.append(contentsOf: buffer)
    }
}

/// The values of one message, in the order they were put.
struct MessageReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func get<Value: HostValue>(_: Value.Type = Value.self) throws(BrokenMessage) -> Value { try Value(from: &self) }

    mutating func raw<I: FixedWidthInteger & BitwiseCopyable>(_: I.Type = I.self) throws(BrokenMessage) -> I {
        guard place + MemoryLayout<I>.size <= bytes.count else { throw BrokenMessage() }
        defer { place += MemoryLayout<I>.size }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: I.self) }
    }

    mutating func slice() throws(BrokenMessage) -> ArraySlice<UInt8> {
        let count = Int(try raw(UInt64.self))
        guard count >= 0, count <= bytes.count - place else { throw BrokenMessage() }
        defer { place += count }
        return bytes[place..<place + count]
    }
}

/// What can be in a message.
protocol HostValue {
    func put(in message: inout MessageWriter)
    init(from message: inout MessageReader) throws(BrokenMessage)
}
