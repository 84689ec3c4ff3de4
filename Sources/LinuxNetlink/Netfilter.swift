/// A register of the packet filter: one of 16 slots of four bytes. A longer value takes the slots after it as well,
/// and several values side by side make a compound key.
public struct Register: Sendable, Equatable {
    public var slot: UInt32
    public init(_ slot: UInt32) { self.slot = slot }
    /// The kernel's number (NFT_REG32_00 is 8).
    var number: UInt32 { slot + 8 }
}

/// One step of a rule. A comparison or a lookup without a match ends the rule.
public enum Expression: Sendable, Equatable {
    case networkHeader(offset: UInt32, length: UInt32, Register)
    case transportHeader(offset: UInt32, length: UInt32, Register)
    /// Names of interfaces, 16 bytes.
    case inputName(Register)
    case outputName(Register)
    case connectionState(Register)
    case connectionStatus(Register)
    /// The kind of the destination address (RTN_LOCAL …), by the host's routes.
    case destinationType(Register)
    case isEqual(Register, [UInt8])
    case isNotEqual(Register, [UInt8])
    case mask(Register, [UInt8])
    /// Is the key in the set?
    case contains(Register, set: String)
    case lacks(Register, set: String)
    /// The value for the key of a map.
    case look(Register, map: String, into: Register)
    case accept, drop, `return`
    case jump(String)
    case destinationNAT(address: Register, port: Register)
    case masquerade
}

/// A chain of rules; with a hook it sees packets, without it others jump to it.
public struct Chain: Sendable, Equatable {
    public enum Kind: String, Sendable { case filter, nat }
    /// Of the IPv4 path, with the kernel's numbers.
    public enum Hook: UInt32, Sendable { case prerouting = 0, input, forward, output, postrouting }
    public struct Attachment: Sendable, Equatable {
        public var kind: Kind
        public var hook: Hook
        /// Lower is earlier.
        public var priority: Int32
    }
    public var name: String
    public var attachment: Attachment?
    public var rules: [[Expression]]

    public init(_ name: String, rules: [[Expression]]) {
        self.name = name
        self.rules = rules
    }

    public init(_ name: String, _ kind: Kind, _ hook: Hook, priority: Int32, rules: [[Expression]]) {
        self.name = name
        attachment = Attachment(kind: kind, hook: hook, priority: priority)
        self.rules = rules
    }
}

/// A part of a set's key or of a map's value, with nft's number for the type.
public enum KeyPart: UInt32, Sendable {
    case address = 7, transport = 12, port = 13, interfaceName = 41
    /// Bytes; every part starts at a multiple of four.
    var size: UInt32 { self == .interfaceName ? 16 : 4 }
    /// Bytes of the part when it is the only one.
    var bareSize: UInt32 {
        switch self {
        case .address: 4
        case .transport: 1
        case .port: 2
        case .interfaceName: 16
        }
    }
}

/// A set, or with `value` a map.
public struct ElementSet: Sendable, Equatable {
    public var name: String
    public var key: [KeyPart]
    public var value: [KeyPart]
    /// Keys are ranges: an element starts one, and one with `endsRange` ends it.
    public var isInterval: Bool
    public init(_ name: String, key: [KeyPart], value: [KeyPart] = [], isInterval: Bool = false) {
        self.name = name
        self.key = key
        self.value = value
        self.isInterval = isInterval
    }
}

public struct SetElement: Sendable, Equatable {
    public var key: [UInt8]
    public var value: [UInt8]
    public var endsRange: Bool
    /// At most 127 bytes; `nft list` shows it.
    public var comment: String
    public init(key: [UInt8], value: [UInt8] = [], endsRange: Bool = false, comment: String = "") {
        self.key = key
        self.value = value
        self.endsRange = endsRange
        self.comment = comment
    }

    /// Both ends of a network's range of addresses.
    public static func range(_ network: InterfaceAddress, comment: String = "") -> [SetElement] {
        let (first, last) = network.range
        let start = SetElement(key: bytes(first), comment: comment)
        return last == .max ? [start] : [start, SetElement(key: bytes(last + 1), endsRange: true)]
    }

    /// An interface's name as a key.
    public static func interface(_ name: String) -> [UInt8] {
        let text = Array(name.utf8.prefix(15))
        return text + [UInt8](repeating: 0, count: 16 - text.count)
    }

    private static func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}

/// One change of the packet filter, in a table of the IPv4 family.
public enum NetfilterRequest: Sendable, Equatable {
    /// Fine when it exists, as for chains, sets and elements.
    case addTable
    case deleteTable
    case addChain(Chain)
    /// Every rule of every chain.
    case deleteRules
    /// Appends the chain's rules.
    case addRules(Chain)
    case addSet(ElementSet)
    /// EEXIST when a map has another value for the key.
    case addElement(SetElement, set: String)
    /// ENOENT.
    case deleteElement(SetElement, set: String)
}

extension NetfilterRequest: CustomStringConvertible {
    public var description: String {
        switch self {
        case .addTable: "add the table"
        case .deleteTable: "delete the table"
        case .addChain(let chain): "add the chain \(chain.name)"
        case .deleteRules: "delete the rules"
        case .addRules(let chain): "add the rules of \(chain.name)"
        case .addSet(let set): "add the set \(set.name)"
        case .addElement(_, let set): "add to the set \(set)"
        case .deleteElement(_, let set): "delete from the set \(set)"
        }
    }
}
