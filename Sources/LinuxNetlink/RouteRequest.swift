/// A link by its name or by its index.
public enum LinkReference: Sendable, Equatable, CustomStringConvertible {
    case name(String)
    case index(Int32)

    public var description: String {
        switch self {
        case .name(let name): name
        case .index(let index): "number \(index)"
        }
    }
}

/// What is to be different about a link; nil: as it is.
public struct LinkChange: Sendable, Equatable {
    public var name: String?
    public var mac: HardwareAddress?
    /// Bytes.
    public var mtu: UInt32?
    /// At most 255 bytes; how we mark what is ours.
    public var alias: String?
    public var isUp: Bool?
    /// Index of the bridge; 0: none.
    public var master: Int32?
    /// No link-local IPv6 address, and so no search for duplicates of it.
    public var withoutIPv6 = false
    /// Packets for 127.0.0.0/8 may be routed through it.
    public var routesLoopback: Bool?
    /// Of a bridge's port: a frame may leave where it came in.
    public var hairpin: Bool?
    /// Of a bridge's port: not reachable from other such ports.
    public var isolated: Bool?
    /// Of a bridge's port: no frame passes any more.
    public var isBlocked = false
    public init() {}
}

/// A pair of virtual interfaces: the host's end, and the peer made inside another network namespace.
public struct VethPair: Sendable, Equatable {
    public var name: String
    /// Index of a bridge that the host's end joins; 0: none.
    public var master: Int32
    public var peerName: String
    public var peerMAC: HardwareAddress?
    /// Descriptor of the peer's namespace, borrowed; nil: this one.
    public var peerNamespace: Int32?
    /// Bytes; 0: the kernel's choice.
    public var mtu: UInt32

    public init(name: String, master: Int32 = 0, peerName: String, peerMAC: HardwareAddress? = nil, peerNamespace: Int32? = nil, mtu: UInt32 = 0) {
        self.name = name
        self.master = master
        self.peerName = peerName
        self.peerMAC = peerMAC
        self.peerNamespace = peerNamespace
        self.mtu = mtu
    }
}

/// An interface with an address of its own on another one, made inside another network namespace.
public struct MacvlanLink: Sendable, Equatable {
    /// As the kernel numbers them.
    public enum Mode: UInt32, Sendable { case isPrivate = 1, vepa = 2, bridge = 4, passthru = 8 }

    public var name: String
    /// Index of the interface below, in this namespace.
    public var parent: Int32
    public var mode: Mode
    /// nil: the parent's, as `passthru` has it, or one of the kernel's choice.
    public var mac: HardwareAddress?
    /// Bytes; 0: the parent's.
    public var mtu: UInt32
    /// Descriptor of the namespace, borrowed.
    public var namespace: Int32

    public init(name: String, parent: Int32, mode: Mode, mac: HardwareAddress?, mtu: UInt32, namespace: Int32) {
        self.name = name
        self.parent = parent
        self.mode = mode
        self.mac = mac
        self.mtu = mtu
        self.namespace = namespace
    }
}

/// One change of links, addresses or routes.
public enum RouteRequest: Sendable, Equatable {
    /// EEXIST.
    case createBridge(String, mac: HardwareAddress?, mtu: UInt32)
    /// EEXIST.
    case createVeth(VethPair)
    /// EEXIST; ENODEV without the parent.
    case createMacvlan(MacvlanLink)
    /// An interface that leads nowhere. EEXIST.
    case createDummy(String)
    /// The part of a parent's frames that carry the tag `id`. EEXIST.
    case createVLAN(String, parent: Int32, id: UInt16)
    case change(LinkReference, LinkChange)
    /// ENODEV.
    case delete(LinkReference)
    /// EEXIST.
    case addAddress(InterfaceAddress, link: Int32)
    case removeAddress(InterfaceAddress, link: Int32)
    /// Gateway, as four bytes. EEXIST.
    case addDefaultRoute([UInt8], link: Int32)
}

extension RouteRequest: CustomStringConvertible {
    public var description: String {
        switch self {
        case .createBridge(let name, _, _): "create the bridge \(name)"
        case .createVeth(let pair): "create the interface \(pair.name)"
        case .createMacvlan(let link): "create the interface \(link.name) on the interface number \(link.parent)"
        case .createDummy(let name): "create the interface \(name)"
        case .createVLAN(let name, _, let id): "create the interface \(name) for the VLAN \(id)"
        case .change(let link, _): "configure the interface \(link)"
        case .delete(let link): "delete the interface \(link)"
        case .addAddress(let address, let link): "add the address \(address) to the interface number \(link)"
        case .removeAddress(let address, let link): "remove the address \(address) from the interface number \(link)"
        case .addDefaultRoute(let gateway, _): "add the default route through \(gateway.map { "\($0)" }.joined(separator: "."))"
        }
    }
}
