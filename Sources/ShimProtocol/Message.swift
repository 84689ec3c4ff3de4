// The language of the daemon and a container's shim.
//
// A shim listens on a unix stream socket. A message is a header of 12 bytes, little-endian (length of the payload
// u32, kind u16, version u16, sequence u32), and a payload of fields (tag u16, reserved u16, length u32, bytes).
// Unknown tags are skipped; a kind keeps its number for ever. A request is answered by a message with its sequence.
// `exec` and `attach` turn their connection into a stream of bytes once they are answered.
//
// Every message with its fields and answers, and what each version added: the page ShimProtocol of the documentation.

/// Version of the protocol that this build speaks.
public let shimProtocolVersion: UInt16 = 3

public struct Message: Sendable {
    public enum Kind: UInt16, Sendable {
        /// A number that this build does not know.
        case unknown = 0
        // towards the shim
        case create, start, attach, exec, resize, closeInput, subscribe, acknowledge, replaceLog
        // towards the daemon
        case created = 64, started, failed, accepted, state, exited, logged, inputLost
    }

    public static let headerSize = 12
    /// Nothing that we send comes near; what claims more is no message of ours.
    public static let maximumSize = 16 << 20

    public var kind: Kind
    /// That its sender speaks.
    public var version: UInt16
    public var sequence: UInt32
    public var fields: Fields

    public init(_ kind: Kind, version: UInt16 = shimProtocolVersion, sequence: UInt32 = 0, _ fields: Fields = Fields()) {
        self.kind = kind
        self.version = version
        self.sequence = sequence
        self.fields = fields
    }

    public func encoded() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(Self.headerSize + fields.bytes.count)
        out.append(UInt32(fields.bytes.count))
        out.append(kind.rawValue)
        out.append(version)
        out.append(sequence)
        out += fields.bytes
        return out
    }
}

/// The payload: fields one behind the other, each tag as often as it is needed.
public struct Fields: Sendable {
    public private(set) var bytes: [UInt8]

    public init(bytes: [UInt8] = []) { self.bytes = bytes }

    public mutating func add(_ tag: Tag, _ value: some Collection<UInt8>) {
        bytes.append(tag.rawValue)
        bytes.append(UInt16(0))
        bytes.append(UInt32(value.count))
        bytes += value
    }

    public mutating func add(_ tag: Tag, _ text: String) { add(tag, text.utf8) }
    public mutating func add(_ tag: Tag, _ texts: [String]) { for text in texts { add(tag, text) } }
    public mutating func add(_ tag: Tag, _ flag: Bool) { if flag { add(tag, Int64(1)) } }
    public mutating func add(_ tag: Tag, _ group: Fields) { add(tag, group.bytes) }

    public mutating func add(_ tag: Tag, _ number: Int64) {
        bytes.append(tag.rawValue)
        bytes.append(UInt16(0))
        bytes.append(UInt32(8))
        bytes.append(UInt64(bitPattern: number))
    }

    /// Calls `body` with each field; stops at a broken one.
    public func forEach(_ body: (Tag, ArraySlice<UInt8>) -> Void) {
        var place = 0
        while place + 8 <= bytes.count {
            let length = Int(bytes.integer(at: place + 4, UInt32.self))
            guard length <= bytes.count - place - 8 else { return }
            if let tag = Tag(rawValue: bytes.integer(at: place, UInt16.self)) { body(tag, bytes[place + 8..<place + 8 + length]) }
            place += 8 + length
        }
    }

    public func all(_ wanted: Tag) -> [ArraySlice<UInt8>] {
        var found: [ArraySlice<UInt8>] = []
        forEach { tag, value in if tag == wanted { found.append(value) } }
        return found
    }

    public func strings(_ tag: Tag) -> [String] { all(tag).map { String(decoding: $0, as: UTF8.self) } }
    public func string(_ tag: Tag) -> String { strings(tag).last ?? "" }
    public func groups(_ tag: Tag) -> [Fields] { all(tag).map { Fields(bytes: Array($0)) } }
    public func flag(_ tag: Tag) -> Bool { number(tag) != 0 }

    public func number(_ tag: Tag) -> Int64 { numbers(tag).last ?? 0 }

    public func numbers(_ tag: Tag) -> [Int64] {
        all(tag).map { $0.count == 8 ? Int64(bitPattern: Array($0).integer(at: 0, UInt64.self)) : 0 }
    }
}

/// A field's meaning. Numbers are for ever; a new need gets a new number.
public enum Tag: UInt16, Sendable {
    case process = 1, version, pid, code, text, time, stage, running, started, note
    // process
    case argument = 16, environment, directory, user, group, bounding, effective, seccomp, noNewPrivileges, terminal
    case limit, rows, columns, openInput, makeDirectory, inputOnce, oomScore
    // sandbox
    case namespaces = 48, networkNamespace, root, rootMount, mount, device, masked, readOnlyPath, sysctl, hostname, domain
    case cgroupController, readOnlyRoot, newCgroupNamespace, cgroupFile, directoryToUse
    // mount
    case kind = 80, type, source, target, options, base, flags, propagation, targetIsFile, readOnly
    // device and limit
    case path = 96, mode, major, minor, uid, gid, resource, soft, hard
    // log
    case logDriver = 112, logState, logOption, logLabel, logName, mark, checksOwnership, logHost, logBuffer
    // attach
    case wantsInput = 128, wantsOutput, wantsError, descriptor, exitFile, lostLines, keptDescriptor
}

extension Array where Element == UInt8 {
    mutating func append<I: FixedWidthInteger>(_ value: I) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    func integer<I: FixedWidthInteger>(at offset: Int, _: I.Type) -> I {
        withUnsafeBytes { I(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: I.self)) }
    }
}
