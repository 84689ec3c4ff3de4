import CNetfilter
import Glibc

/// Netlink messages laid end to end, for one system call.
struct MessageBuffer: ~Copyable {
    /// More than any single message of ours takes.
    private static let room = 4096
    private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes.
    private(set) var count = 0
    /// Number of the first message, and how many there are.
    let firstSequence: UInt32
    private(set) var messages: UInt32 = 0

    init(firstSequence: UInt32) {
        self.firstSequence = firstSequence
        capacity = 2 * Self.room
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// A message that `build` writes at the address it gets, with the sequence number it gets; it returns its header.
    mutating func append(_ build: (UnsafeMutableRawPointer, UInt32) -> UnsafeMutablePointer<nlmsghdr>?) {
        if capacity - count < Self.room { grow() }
        guard let header = build(base + count, firstSequence &+ messages) else { return }
        messages += 1
        count += (Int(header.pointee.nlmsg_len) + 3) & ~3
    }

    /// A message with a fixed header and attributes.
    mutating func append<Header>(type: Int, flags: Int, _ fixed: Header, _ attributes: (Attributes) -> Void = { _ in }) {
        append { address, sequence in
            guard let header = mnl_nlmsg_put_header(address) else { return nil }
            header.pointee.nlmsg_type = UInt16(type)
            header.pointee.nlmsg_flags = UInt16(flags)
            header.pointee.nlmsg_seq = sequence
            mnl_nlmsg_put_extra_header(header, MemoryLayout<Header>.size)?.storeBytes(of: fixed, as: Header.self)
            attributes(Attributes(message: header))
            return header
        }
    }

    private mutating func grow() {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity * 2, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }
}

/// Writes the attributes of one message.
struct Attributes {
    let message: UnsafeMutablePointer<nlmsghdr>

    func put(_ type: Int, _ text: String) { mnl_attr_put_strz(message, UInt16(type), text) }
    func put(_ type: Int, _ value: UInt8) { mnl_attr_put_u8(message, UInt16(type), value) }
    func put(_ type: Int, _ value: UInt16) { mnl_attr_put_u16(message, UInt16(type), value) }
    func put(_ type: Int, _ value: UInt32) { mnl_attr_put_u32(message, UInt16(type), value) }
    func put(_ type: Int, _ bytes: [UInt8]) { mnl_attr_put(message, UInt16(type), bytes.count, bytes) }

    func nest(_ type: Int, _ body: () -> Void) {
        let start = mnl_attr_nest_start(message, UInt16(type))
        body()
        mnl_attr_nest_end(message, start)
    }

    /// A fixed header inside an attribute, such as the peer's in a veth pair.
    func putHeader<Header>(_ fixed: Header) {
        mnl_nlmsg_put_extra_header(message, MemoryLayout<Header>.size)?.storeBytes(of: fixed, as: Header.self)
    }
}
