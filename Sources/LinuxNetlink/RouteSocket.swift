import CNetfilter
import Glibc
public import LinuxSystem

/// Links, addresses and routes of the network namespace of the thread that opened it.
public struct RouteSocket: ~Copyable, Sendable {
    private var socket: NetlinkSocket

    public init() throws(Errno) { socket = try NetlinkSocket(NETLINK_ROUTE) }

    /// Carries out the requests in order, in one system call. One that fails does not hold up those after it.
    /// - Throws: the first failure whose errno is not in `ignoring`.
    public mutating func perform(_ requests: [RouteRequest], ignoring: [Int32] = []) throws(Errno) {
        var buffer = socket.buffer()
        for request in requests { buffer.append(request) }
        guard let first = try socket.transact(buffer).first(where: { !ignoring.contains($0.code) }) else { return }
        let action = requests[Int(first.message)].description
        throw Errno(first.code, first.text.isEmpty ? action : "\(action) (\(first.text))")
    }

    /// Every link of the namespace.
    public mutating func links() throws(Errno) -> [Link] {
        var buffer = socket.buffer()
        buffer.append(type: Int(RTM_GETLINK), flags: Int(NLM_F_REQUEST) | Int(NLM_F_DUMP), ifinfomsg())
        var links: [Link] = []
        try socket.dump(buffer) { links.append(Link($0)) }
        return links
    }

    /// nil: there is none.
    public mutating func link(named name: String) throws(Errno) -> Link? {
        var buffer = socket.buffer()
        buffer.append(type: Int(RTM_GETLINK), flags: Int(NLM_F_REQUEST), ifinfomsg()) { $0.put(Int(IFLA_IFNAME), name) }
        do { return try socket.answer(buffer) { Link($0) } } catch {
            if error.code == ENODEV { return nil }
            throw Errno(error.code, "look up the interface \(name)")
        }
    }

    /// IPv4 addresses with the index of their link.
    public mutating func addresses() throws(Errno) -> [(link: Int32, address: InterfaceAddress)] {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        var buffer = socket.buffer()
        buffer.append(type: Int(RTM_GETADDR), flags: Int(NLM_F_REQUEST) | Int(NLM_F_DUMP), header)
        var found: [(link: Int32, address: InterfaceAddress)] = []
        try socket.dump(buffer) { bytes in
            let header = bytes.loadUnaligned(as: ifaddrmsg.self)
            for attribute in bytes.attributes(after: MemoryLayout<ifaddrmsg>.size) where attribute.type == Int(IFA_LOCAL) {
                found.append((Int32(header.ifa_index), InterfaceAddress(bytes: Array(attribute.value), prefixLength: header.ifa_prefixlen)))
            }
        }
        return found
    }
}

/// A link as the kernel describes it.
public struct Link: Sendable, Equatable {
    public var index: Int32 = 0
    public var name = ""
    /// "bridge", "veth", …; empty for hardware and loopback.
    public var kind = ""
    public var alias = ""
    public var mac: [UInt8] = []
    /// Bytes.
    public var mtu: UInt32 = 0
    public var isUp = false
    /// It carries frames now: it is up, and so is what is at its other end.
    public var isRunning = false
    /// As a bridge's port it passes frames.
    public var isForwarding = false
    /// Index of the bridge that it is a port of; 0: none.
    public var master: Int32 = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        let header = bytes.loadUnaligned(as: ifinfomsg.self)
        index = header.ifi_index
        isUp = header.ifi_flags & Self.up != 0
        isRunning = header.ifi_flags & Self.running != 0
        for (type, value) in bytes.attributes(after: MemoryLayout<ifinfomsg>.size) {
            switch type {
            case Int(IFLA_IFNAME): name = value.text
            case Int(IFLA_IFALIAS): alias = value.text
            case Int(IFLA_ADDRESS): mac = Array(value)
            case Int(IFLA_MTU): mtu = value.u32
            case Int(IFLA_MASTER): master = Int32(bitPattern: value.u32)
            case Int(IFLA_LINKINFO): readKind(AttributeList(value))
            default: break
            }
        }
    }

    /// IFF_UP and IFF_RUNNING, which C defines twice.
    private static let up: UInt32 = 1, running: UInt32 = 0x40

    private mutating func readKind(_ attributes: AttributeList) {
        for (type, value) in attributes {
            if type == Int(IFLA_INFO_KIND) { kind = value.text }
            guard type == Int(IFLA_INFO_SLAVE_DATA) else { continue }
            for (type, value) in AttributeList(value) where type == Int(IFLA_BRPORT_STATE) { isForwarding = value.first == UInt8(BR_STATE_FORWARDING) }
        }
    }
}
