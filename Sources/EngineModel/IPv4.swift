/// An IPv4 address as a number in host byte order.
public struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var value: UInt32

    public init(value: UInt32) { self.value = value }

    /// Four decimal numbers with dots, without leading zeros; nil: anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }), part.count == 1 || part.first != 0x30 else { return nil }
            let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard number < 256 else { return nil }
            value = value << 8 | number
        }
        self.value = value
    }

    public var description: String { "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)" }
    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

/// A range of IPv4 addresses with a common prefix.
public struct IPv4Subnet: Sendable, Hashable, CustomStringConvertible {
    /// The lowest address, that of the network itself.
    public let first: IPv4Address
    /// Bits, 0 to 32.
    public let prefixLength: Int

    /// The subnet of that size which `address` is in.
    public init(containing address: IPv4Address, prefixLength: Int) {
        self.prefixLength = prefixLength
        first = IPv4Address(value: address.value & ~Self.hostBits(prefixLength))
    }

    /// "172.18.0.0/16"; bits after the prefix are dropped. nil: not a subnet.
    public init?(_ cidr: some StringProtocol) {
        let parts = cidr.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]), (0...32).contains(length) else { return nil }
        self.init(containing: address, prefixLength: length)
    }

    /// The highest address; from a prefix of 30 bits down it is the broadcast address.
    public var last: IPv4Address { IPv4Address(value: first.value | Self.hostBits(prefixLength)) }

    public func contains(_ address: IPv4Address) -> Bool { address >= first && address <= last }
    public func overlaps(_ other: IPv4Subnet) -> Bool { first <= other.last && other.first <= last }
    public var description: String { "\(first)/\(prefixLength)" }

    private static func hostBits(_ prefixLength: Int) -> UInt32 { prefixLength == 0 ? .max : UInt32((UInt64(1) << (32 - prefixLength)) - 1) }
}

extension IPv4Subnet {
    /// Where networks without a wish get theirs, in this order: 172.18.0.0/16 to 172.31.0.0/16, then the sixteen
    /// parts of 192.168.0.0/16.
    public static let choices: [IPv4Subnet] =
        (18...31).compactMap { IPv4Subnet("172.\($0).0.0/16") } + stride(from: 0, to: 256, by: 16).compactMap { IPv4Subnet("192.168.\($0).0/20") }

    /// The first choice that overlaps with none of `taken`; nil: there is none left.
    public static func free(avoiding taken: [IPv4Subnet]) -> IPv4Subnet? {
        choices.first { choice in !taken.contains { $0.overlaps(choice) } }
    }
}
