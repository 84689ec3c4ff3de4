import CNetfilter
import Glibc
public import LinuxSystem

/// The packet filter (nftables) of the network namespace of the thread that opened it.
public struct NetfilterSocket: ~Copyable, Sendable {
    var socket: NetlinkSocket

    public init() throws(Errno) { socket = try NetlinkSocket(NETLINK_NETFILTER) }

    /// Carries out all requests as one transaction: all of them or none.
    /// - Throws: the first failure.
    public mutating func perform(_ requests: [NetfilterRequest], table: String) throws(Errno) {
        var buffer = socket.buffer()
        buffer.appendBatchMark(begin: true)
        var owners: [Int?] = [nil]
        for (index, request) in requests.enumerated() {
            // Refusals come in any case; one acknowledgement says that the transaction was seen at all.
            buffer.append(request, table: table, acknowledged: index == requests.count - 1)
            while owners.count < Int(buffer.messages) { owners.append(index) }
        }
        buffer.appendBatchMark(begin: false)
        guard let first = try socket.transact(buffer).first else { return }
        let owner = Int(first.message) < owners.count ? owners[Int(first.message)] : nil
        let action = "\(owner.map { requests[$0].description } ?? "change the packet filter") (nftables table \(table))"
        throw Errno(first.code, first.text.isEmpty ? action : "\(action): \(first.text)")
    }

    /// Names of the IPv4 tables.
    public mutating func tables() throws(Errno) -> [String] {
        var buffer = socket.buffer()
        buffer.appendNetfilter(NFT_MSG_GETTABLE, UInt16(NLM_F_DUMP)) { _ in }
        return try names(buffer, attribute: Int(NFTA_TABLE_NAME.rawValue))
    }

    /// Names of a table's chains, and of no other's.
    public mutating func chains(table: String) throws(Errno) -> [String] {
        var buffer = socket.buffer()
        buffer.appendNetfilter(NFT_MSG_GETCHAIN, UInt16(NLM_F_DUMP)) { _ in }
        var found: [String] = []
        try socket.dump(buffer) { bytes in
            let attributes = Array(bytes.attributes(after: MemoryLayout<nfgenmsg>.size))
            guard attributes.contains(where: { $0.type == Int(NFTA_CHAIN_TABLE.rawValue) && $0.value.text == table }) else { return }
            found += attributes.filter { $0.type == Int(NFTA_CHAIN_NAME.rawValue) }.map(\.value.text)
        }
        return found
    }

    /// How many rules a table has; 0 when it does not exist.
    public mutating func ruleCount(table: String) throws(Errno) -> Int {
        var buffer = socket.buffer()
        buffer.appendNetfilter(NFT_MSG_GETRULE, UInt16(NLM_F_DUMP)) { _ in }
        var count = 0
        try socket.dump(buffer) { bytes in
            if bytes.attributes(after: MemoryLayout<nfgenmsg>.size).contains(where: { $0.type == Int(NFTA_RULE_TABLE.rawValue) && $0.value.text == table }) { count += 1 }
        }
        return count
    }

    /// What is in a set; empty when the set does not exist.
    public mutating func elements(of set: String, table: String) throws(Errno) -> [SetElement] {
        guard let object = nftnl_set_alloc() else { throw Errno(ENOMEM, "read the set \(set)") }
        defer { nftnl_set_free(object) }
        nftnl_set_set_str(object, UInt16(NFTNL_SET_TABLE.rawValue), table)
        nftnl_set_set_str(object, UInt16(NFTNL_SET_NAME.rawValue), set)
        var buffer = socket.buffer()
        buffer.appendNetfilter(NFT_MSG_GETSETELEM, UInt16(NLM_F_DUMP)) { nftnl_set_elems_nlmsg_build_payload($0, object) }
        do {
            try socket.dump(buffer) { bytes in
                // The parser wants the whole message, whose header lies just before its payload.
                guard let base = bytes.baseAddress else { return }
                let header = (base - MemoryLayout<nlmsghdr>.size).assumingMemoryBound(to: nlmsghdr.self)
                nftnl_set_elems_nlmsg_parse(header, object)
            }
        } catch {
            if error.code == ENOENT { return [] }
            throw Errno(error.code, "read the set \(set) of the nftables table \(table)")
        }
        return Self.elements(object)
    }

    private static func elements(_ set: OpaquePointer) -> [SetElement] {
        guard let iterator = nftnl_set_elems_iter_create(set) else { return [] }
        defer { nftnl_set_elems_iter_destroy(iterator) }
        var found: [SetElement] = []
        while let element = nftnl_set_elems_iter_next(iterator) { found.append(SetElement(element)) }
        return found
    }

    private mutating func names(_ buffer: borrowing MessageBuffer, attribute: Int) throws(Errno) -> [String] {
        var found: [String] = []
        try socket.dump(buffer) { bytes in
            found += bytes.attributes(after: MemoryLayout<nfgenmsg>.size).filter { $0.type == attribute }.map(\.value.text)
        }
        return found
    }
}
