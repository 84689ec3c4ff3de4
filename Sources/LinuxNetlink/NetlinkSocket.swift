import CNetfilter
import Glibc
import LinuxSystem

/// What the kernel said about one message: which, its errno, and its own words if it had any.
struct Refusal {
    var message: UInt32
    var code: Int32
    var text: String
}

/// A netlink socket. It belongs to the network namespace of the thread that opened it, for good.
struct NetlinkSocket: ~Copyable, Sendable {
    private static let receiveSize = 32768
    /// A larger transaction needs a larger send buffer than the kernel's default of 208 KiB.
    private static let usualSendSize = 100_000
    private let file: OwnedFD
    private var sequence: UInt32 = 1

    /// `family`: NETLINK_ROUTE or NETLINK_NETFILTER.
    init(_ family: Int32) throws(Errno) {
        file = OwnedFD(adopting: try Errno.check("open a netlink socket", socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), family)))
        // Words with the errno, and answers without a copy of the question. Both are a comfort, not a need.
        var on: Int32 = 1
        setsockopt(file.raw, SOL_NETLINK, Int32(NETLINK_EXT_ACK), &on, 4)
        setsockopt(file.raw, SOL_NETLINK, Int32(NETLINK_CAP_ACK), &on, 4)
    }

    /// An empty buffer whose numbers follow those already used.
    func buffer() -> MessageBuffer { MessageBuffer(firstSequence: sequence) }

    /// Sends all messages in one system call and returns what was refused, in order. Messages after a refused one
    /// are worked off all the same.
    mutating func transact(_ buffer: borrowing MessageBuffer) throws(Errno) -> [Refusal] {
        let first = try send(buffer)
        var refusals: [Refusal] = []
        // The kernel works messages off inside the sending call: every answer is there when it returns.
        while try receive(
            flags: Int32(MSG_DONTWAIT),
            { kind, number, bytes in
                guard kind == UInt16(NLMSG_ERROR), number &- first < buffer.messages else { return }
                if let refusal = Self.refusal(number &- first, bytes) { refusals.append(refusal) }
            })
        {}
        return refusals.sorted { $0.message < $1.message }
    }

    /// Sends one message that asks for a list and hands out the payload of each answer.
    mutating func dump(_ buffer: borrowing MessageBuffer, _ body: (UnsafeRawBufferPointer) -> Void) throws(Errno) {
        let first = try send(buffer)
        var refusal: Refusal?
        var done = false
        while !done {
            _ = try receive(flags: 0) { kind, number, bytes in
                guard number == first else { return }
                switch kind {
                case UInt16(NLMSG_DONE): done = true
                case UInt16(NLMSG_ERROR):
                    refusal = Self.refusal(0, bytes)
                    done = true
                default: body(bytes)
                }
            }
        }
        if let refusal { throw Errno(refusal.code, refusal.text) }
    }

    /// Sends messages whose answers are all there when the sending call returns; acknowledgements are skipped.
    mutating func exchange(_ buffer: borrowing MessageBuffer, _ body: (UnsafeRawBufferPointer) -> Void) throws(Errno) {
        let first = try send(buffer)
        var refusal: Refusal?
        while try receive(
            flags: Int32(MSG_DONTWAIT),
            { kind, number, bytes in
                guard number &- first < buffer.messages else { return }
                if kind != UInt16(NLMSG_ERROR) { body(bytes) } else { refusal = refusal ?? Self.refusal(number &- first, bytes) }
            })
        {}
        if let refusal { throw Errno(refusal.code, refusal.text) }
    }

    private mutating func send(_ buffer: borrowing MessageBuffer) throws(Errno) -> UInt32 {
        let (descriptor, base, count) = (file.raw, buffer.base, buffer.count)
        if count > Self.usualSendSize {
            var size = Int32(clamping: 2 * count)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, 4)
        }
        try Errno.retrying("send to the kernel") { Glibc.send(descriptor, base, count, 0) }
        sequence = buffer.firstSequence &+ buffer.messages
        return buffer.firstSequence
    }

    /// One datagram with its messages. - Returns: false when there is none and `flags` say not to wait.
    private func receive(flags: Int32, _ body: (_ kind: UInt16, _ number: UInt32, _ payload: UnsafeRawBufferPointer) -> Void) throws(Errno) -> Bool {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.receiveSize, alignment: 16)
        defer { memory.deallocate() }
        let descriptor = file.raw
        let count: Int
        do { count = try Errno.retrying("receive from the kernel") { recv(descriptor, memory.baseAddress, memory.count, flags) } } catch {
            if error.code == EAGAIN { return false }
            throw error
        }
        var rest = UnsafeRawBufferPointer(rebasing: memory[..<count])
        while rest.count >= MemoryLayout<nlmsghdr>.size {
            let header = rest.loadUnaligned(as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.count else { break }
            body(header.nlmsg_type, header.nlmsg_seq, UnsafeRawBufferPointer(rebasing: rest[MemoryLayout<nlmsghdr>.size..<length]))
            rest = UnsafeRawBufferPointer(rebasing: rest[min((length + 3) & ~3, rest.count)...])
        }
        return true
    }

    /// nil: an acknowledgement.
    private static func refusal(_ message: UInt32, _ bytes: UnsafeRawBufferPointer) -> Refusal? {
        guard bytes.count >= 4 else { return nil }
        let code = -bytes.loadUnaligned(as: Int32.self)
        if code == 0 { return nil }
        let text = bytes.attributes(after: MemoryLayout<nlmsgerr>.size).first { $0.type == Int(NLMSGERR_ATTR_MSG.rawValue) }?.value.text
        return Refusal(message: message, code: code, text: text ?? "")
    }
}

extension NetlinkSocket {
    /// Sends one message that has one answer.
    mutating func answer<T>(_ buffer: borrowing MessageBuffer, _ body: (UnsafeRawBufferPointer) -> T) throws(Errno) -> T? {
        var result: T?
        try exchange(buffer) { result = body($0) }
        return result
    }
}
