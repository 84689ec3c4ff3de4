import Glibc

/// An IPv4 address with the length of its network's prefix: "172.17.0.2/16".
public struct InterfaceAddress: Sendable, Equatable, CustomStringConvertible {
    /// In network byte order.
    public var bytes: [UInt8]
    public var prefixLength: UInt8

    public init(bytes: [UInt8], prefixLength: UInt8) {
        self.bytes = bytes
        self.prefixLength = prefixLength
    }

    /// nil: not an IPv4 address. Without a slash the prefix is all 32 bits.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.parse(String(parts[0])) else { return nil }
        guard let length = parts.count > 1 ? UInt8(parts[1]) : 32, length <= 32 else { return nil }
        self.init(bytes: bytes, prefixLength: length)
    }

    /// The four bytes of "172.17.0.2".
    public static func parse(_ text: String) -> [UInt8]? {
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }

    /// The first address of the network, and the last.
    public var range: (first: UInt32, last: UInt32) {
        let value = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let hosts: UInt32 = prefixLength == 0 ? .max : prefixLength == 32 ? 0 : UInt32.max >> UInt32(prefixLength)
        return (value & ~hosts, value | hosts)
    }

    public var address: String { bytes.map { "\($0)" }.joined(separator: ".") }
    public var description: String { "\(address)/\(prefixLength)" }
}

/// "02:42:ac:11:00:02" as six bytes.
public struct HardwareAddress: Sendable, Equatable, CustomStringConvertible {
    public var bytes: [UInt8]

    public init?(_ text: String) {
        let parts = text.split(whereSeparator: { $0 == ":" || $0 == "-" })
        let bytes = parts.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil }
        guard bytes.count == 6, parts.count == 6 else { return nil }
        self.bytes = bytes
    }

    /// Docker's rule: 02:42 and the four bytes of the IPv4 address.
    public init(for address: InterfaceAddress) { bytes = [0x02, 0x42] + address.bytes }

    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
