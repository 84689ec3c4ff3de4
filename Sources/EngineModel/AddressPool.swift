/// The addresses of one subnet, and which of them are in use.
///
/// As Docker does, each lease takes the lowest free address after the one leased before, and begins again at the
/// bottom: an address that was given back rests for as long as there are others.
public struct AddressPool: Sendable, Equatable {
    public let subnet: IPv4Subnet
    private var used: Set<UInt32> = []
    private var last: UInt32
    /// The lowest and the highest address that can be leased.
    private let lowest, highest: UInt32

    /// - Parameter gateway: is never leased; it may lie outside.
    public init(_ subnet: IPv4Subnet, gateway: IPv4Address?) {
        self.subnet = subnet
        // A prefix of 31 or 32 bits has neither a network's nor a broadcast address.
        let margin: UInt32 = subnet.prefixLength < 31 ? 1 : 0
        lowest = subnet.first.value + margin
        highest = subnet.last.value - margin
        last = highest
        if let gateway { used.insert(gateway.value) }
    }

    /// nil: all are in use.
    public mutating func lease() -> IPv4Address? {
        var candidate = last
        for _ in 0...(highest - lowest) {
            candidate = candidate >= highest || candidate < lowest ? lowest : candidate + 1
            if used.insert(candidate).inserted {
                last = candidate
                return IPv4Address(value: candidate)
            }
        }
        return nil
    }

    /// Takes this very address.
    /// - Returns: false when it is in use or can't be leased.
    public mutating func reserve(_ address: IPv4Address) -> Bool {
        canLease(address) && used.insert(address.value).inserted
    }

    /// Is it one of those that can be leased, whether in use or not?
    public func canLease(_ address: IPv4Address) -> Bool { address.value >= lowest && address.value <= highest }

    /// Gives an address back that was leased or reserved.
    public mutating func release(_ address: IPv4Address) { used.remove(address.value) }
}
