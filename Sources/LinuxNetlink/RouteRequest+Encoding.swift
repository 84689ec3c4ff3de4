import CNetfilter
import Glibc

extension MessageBuffer {
    private static let acknowledged = Int(NLM_F_REQUEST | NLM_F_ACK)
    private static let exclusive = acknowledged | Int(NLM_F_CREATE | NLM_F_EXCL)
    private static let isUp: UInt32 = 1

    mutating func append(_ request: RouteRequest) {
        switch request {
        case .createBridge(let name, let mac, let mtu): appendBridge(name, mac, mtu)
        case .createVeth(let pair): appendVeth(pair)
        case .createMacvlan(let link): appendMacvlan(link)
        case .createDummy(let name): appendDummy(name)
        case .createVLAN(let name, let parent, let id): appendVLAN(name, parent, id)
        case .change(let link, let change): appendChange(link, change)
        case .delete(let link): append(type: Int(RTM_DELLINK), flags: Self.acknowledged, Self.header(link)) { Self.putName(link, $0) }
        case .addAddress(let address, let link): appendAddress(RTM_NEWADDR, Self.exclusive, address, link)
        case .removeAddress(let address, let link): appendAddress(RTM_DELADDR, Self.acknowledged, address, link)
        case .addDefaultRoute(let gateway, let link): appendDefaultRoute(gateway, link)
        }
    }

    private static func header(_ link: LinkReference) -> ifinfomsg {
        var header = ifinfomsg()
        if case .index(let index) = link { header.ifi_index = index }
        return header
    }

    private static func putName(_ link: LinkReference, _ attributes: Attributes) {
        if case .name(let name) = link { attributes.put(Int(IFLA_IFNAME), name) }
    }

    private mutating func appendBridge(_ name: String, _ mac: HardwareAddress?, _ mtu: UInt32) {
        append(type: Int(RTM_NEWLINK), flags: Self.exclusive, ifinfomsg()) { attributes in
            attributes.put(Int(IFLA_IFNAME), name)
            if let mac { attributes.put(Int(IFLA_ADDRESS), mac.bytes) }
            if mtu > 0 { attributes.put(Int(IFLA_MTU), mtu) }
            attributes.nest(Int(IFLA_LINKINFO)) { attributes.put(Int(IFLA_INFO_KIND), "bridge") }
        }
    }

    private mutating func appendMacvlan(_ link: MacvlanLink) {
        append(type: Int(RTM_NEWLINK), flags: Self.exclusive, ifinfomsg()) { attributes in
            attributes.put(Int(IFLA_IFNAME), link.name)
            attributes.put(Int(IFLA_LINK), UInt32(link.parent))
            attributes.put(Int(IFLA_NET_NS_FD), UInt32(bitPattern: link.namespace))
            if let mac = link.mac { attributes.put(Int(IFLA_ADDRESS), mac.bytes) }
            if link.mtu > 0 { attributes.put(Int(IFLA_MTU), link.mtu) }
            attributes.nest(Int(IFLA_LINKINFO)) {
                attributes.put(Int(IFLA_INFO_KIND), "macvlan")
                attributes.nest(Int(IFLA_INFO_DATA)) { attributes.put(Int(IFLA_MACVLAN_MODE), link.mode.rawValue) }
            }
        }
    }

    private mutating func appendDummy(_ name: String) {
        append(type: Int(RTM_NEWLINK), flags: Self.exclusive, ifinfomsg()) { attributes in
            attributes.put(Int(IFLA_IFNAME), name)
            attributes.nest(Int(IFLA_LINKINFO)) { attributes.put(Int(IFLA_INFO_KIND), "dummy") }
        }
    }

    private mutating func appendVLAN(_ name: String, _ parent: Int32, _ id: UInt16) {
        append(type: Int(RTM_NEWLINK), flags: Self.exclusive, ifinfomsg()) { attributes in
            attributes.put(Int(IFLA_IFNAME), name)
            attributes.put(Int(IFLA_LINK), UInt32(parent))
            attributes.nest(Int(IFLA_LINKINFO)) {
                attributes.put(Int(IFLA_INFO_KIND), "vlan")
                attributes.nest(Int(IFLA_INFO_DATA)) { attributes.put(Int(IFLA_VLAN_ID), id) }
            }
        }
    }

    private mutating func appendVeth(_ pair: VethPair) {
        append(type: Int(RTM_NEWLINK), flags: Self.exclusive, ifinfomsg()) { attributes in
            attributes.put(Int(IFLA_IFNAME), pair.name)
            if pair.master > 0 { attributes.put(Int(IFLA_MASTER), UInt32(pair.master)) }
            if pair.mtu > 0 { attributes.put(Int(IFLA_MTU), pair.mtu) }
            attributes.nest(Int(IFLA_LINKINFO)) {
                attributes.put(Int(IFLA_INFO_KIND), "veth")
                attributes.nest(Int(IFLA_INFO_DATA)) {
                    attributes.nest(Int(VETH_INFO_PEER)) { Self.putPeer(pair, attributes) }
                }
            }
        }
    }

    private static func putPeer(_ pair: VethPair, _ attributes: Attributes) {
        attributes.putHeader(ifinfomsg())
        attributes.put(Int(IFLA_IFNAME), pair.peerName)
        if let mac = pair.peerMAC { attributes.put(Int(IFLA_ADDRESS), mac.bytes) }
        if pair.mtu > 0 { attributes.put(Int(IFLA_MTU), pair.mtu) }
        if let namespace = pair.peerNamespace { attributes.put(Int(IFLA_NET_NS_FD), UInt32(bitPattern: namespace)) }
    }

    private mutating func appendChange(_ link: LinkReference, _ change: LinkChange) {
        var header = Self.header(link)
        if let isUp = change.isUp {
            header.ifi_flags = isUp ? Self.isUp : 0
            header.ifi_change = Self.isUp
        }
        append(type: Int(RTM_NEWLINK), flags: Self.acknowledged, header) { attributes in
            if case .name = link { Self.putName(link, attributes) } else if let name = change.name { attributes.put(Int(IFLA_IFNAME), name) }
            if let mac = change.mac { attributes.put(Int(IFLA_ADDRESS), mac.bytes) }
            if let mtu = change.mtu { attributes.put(Int(IFLA_MTU), mtu) }
            if let alias = change.alias { attributes.put(Int(IFLA_IFALIAS), alias) }
            if let master = change.master { attributes.put(Int(IFLA_MASTER), UInt32(master)) }
            Self.putPort(change, attributes)
            Self.putFamilies(change, attributes)
        }
    }

    private static func putPort(_ change: LinkChange, _ attributes: Attributes) {
        guard change.hairpin != nil || change.isolated != nil || change.isBlocked else { return }
        attributes.nest(Int(IFLA_LINKINFO)) {
            attributes.put(Int(IFLA_INFO_SLAVE_KIND), "bridge")
            attributes.nest(Int(IFLA_INFO_SLAVE_DATA)) {
                if let hairpin = change.hairpin { attributes.put(Int(IFLA_BRPORT_MODE), UInt8(hairpin ? 1 : 0)) }
                if let isolated = change.isolated { attributes.put(Int(IFLA_BRPORT_ISOLATED), UInt8(isolated ? 1 : 0)) }
                if change.isBlocked { attributes.put(Int(IFLA_BRPORT_STATE), UInt8(BR_STATE_DISABLED)) }
            }
        }
    }

    private static func putFamilies(_ change: LinkChange, _ attributes: Attributes) {
        guard change.withoutIPv6 || change.routesLoopback != nil else { return }
        attributes.nest(Int(IFLA_AF_SPEC)) {
            if let on = change.routesLoopback {
                attributes.nest(Int(AF_INET)) {
                    attributes.nest(Int(IFLA_INET_CONF)) { attributes.put(Int(IPV4_DEVCONF_ROUTE_LOCALNET), UInt32(on ? 1 : 0)) }
                }
            }
            if change.withoutIPv6 {
                attributes.nest(Int(AF_INET6)) { attributes.put(Int(IFLA_INET6_ADDR_GEN_MODE), UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue)) }
            }
        }
    }

    private mutating func appendAddress(_ type: Int, _ flags: Int, _ address: InterfaceAddress, _ link: Int32) {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        header.ifa_prefixlen = address.prefixLength
        header.ifa_index = UInt32(link)
        append(type: type, flags: flags, header) { attributes in
            attributes.put(Int(IFA_LOCAL), address.bytes)
            attributes.put(Int(IFA_ADDRESS), address.bytes)
            if type == Int(RTM_NEWADDR), address.prefixLength < 31 { attributes.put(Int(IFA_BROADCAST), Self.broadcast(address)) }
        }
    }

    private static func broadcast(_ address: InterfaceAddress) -> [UInt8] {
        withUnsafeBytes(of: address.range.last.bigEndian) { Array($0) }
    }

    private mutating func appendDefaultRoute(_ gateway: [UInt8], _ link: Int32) {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_BOOT)
        header.rtm_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        append(type: Int(RTM_NEWROUTE), flags: Self.exclusive, header) { attributes in
            attributes.put(Int(RTA_GATEWAY.rawValue), gateway)
            attributes.put(Int(RTA_OIF.rawValue), UInt32(link))
        }
    }
}
