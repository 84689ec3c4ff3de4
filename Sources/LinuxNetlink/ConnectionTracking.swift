import CNetfilter
import Glibc
public import LinuxSystem

extension NetfilterSocket {
    /// Forgets the tracked connections that were made to this port of any address. A UDP flow is otherwise redirected
    /// for as long as it lasts to where its first packet went, or not at all, whatever the rules say by now.
    ///
    /// Needs Linux 6.9 (deleting by a filter); before that, EINVAL and nothing is forgotten.
    public mutating func forgetConnections(transport: UInt8, port: UInt16) throws(Errno) {
        var buffer = socket.buffer()
        var header = nfgenmsg()
        header.nfgen_family = UInt8(AF_INET)
        let type = Int(NFNL_SUBSYS_CTNETLINK) << 8 | Int(IPCTNL_MSG_CT_DELETE.rawValue)
        buffer.append(type: type, flags: Int(NLM_F_REQUEST | NLM_F_ACK), header) { attributes in
            attributes.nest(Int(CTA_TUPLE_ORIG.rawValue)) {
                attributes.nest(Int(CTA_TUPLE_PROTO.rawValue)) {
                    attributes.put(Int(CTA_PROTO_NUM.rawValue), transport)
                    attributes.put(Int(CTA_PROTO_DST_PORT.rawValue), port.bigEndian)
                }
            }
            attributes.nest(Int(CTA_FILTER.rawValue)) {
                attributes.put(Int(CTA_FILTER_ORIG_FLAGS.rawValue), Self.transportAndDestinationPort)
            }
        }
        guard let first = try socket.transact(buffer).first, first.code != ENOENT else { return }
        throw Errno(first.code, "forget connections to port \(port)")
    }

    /// The kernel's private numbers of the parts of a tuple that have to match (net/netfilter/nf_conntrack_netlink.c).
    private static let transportAndDestinationPort: UInt32 = 1 << 3 | 1 << 5
}
