import CNetfilter
import Glibc

extension MessageBuffer {
    private static let family = UInt16(NFPROTO_IPV4)

    /// The messages of one request; a chain's rules are one message each.
    mutating func append(_ request: NetfilterRequest, table: String, acknowledged: Bool) {
        let flags = acknowledged ? UInt16(NLM_F_ACK) : 0
        switch request {
        case .addTable: appendTable(table, NFT_MSG_NEWTABLE, flags | UInt16(NLM_F_CREATE))
        case .deleteTable: appendTable(table, NFT_MSG_DELTABLE, flags)
        case .addChain(let chain): append(chain, table, flags | UInt16(NLM_F_CREATE))
        case .deleteRules: appendRule([], nil, table, NFT_MSG_DELRULE, flags)
        case .addRules(let chain):
            for rule in chain.rules { appendRule(rule, chain.name, table, NFT_MSG_NEWRULE, flags | UInt16(NLM_F_CREATE) | UInt16(NLM_F_APPEND)) }
        case .addSet(let set): append(set, table, flags | UInt16(NLM_F_CREATE))
        case .addElement(let element, let set): append(element, set, table, NFT_MSG_NEWSETELEM, flags | UInt16(NLM_F_CREATE))
        case .deleteElement(let element, let set): append(element, set, table, NFT_MSG_DELSETELEM, flags)
        }
    }

    mutating func appendBatchMark(begin: Bool) {
        append { address, sequence in
            let place = address.assumingMemoryBound(to: CChar.self)
            return begin ? nftnl_batch_begin(place, sequence) : nftnl_batch_end(place, sequence)
        }
    }

    /// A message of the packet filter; `body` writes its attributes.
    mutating func appendNetfilter(_ type: nf_tables_msg_types, _ flags: UInt16, _ body: (UnsafeMutablePointer<nlmsghdr>) -> Void) {
        append { address, sequence in
            let place = address.assumingMemoryBound(to: CChar.self)
            guard let header = nftnl_nlmsg_build_hdr(place, UInt16(type.rawValue), Self.family, flags, sequence) else { return nil }
            body(header)
            return header
        }
    }

    private mutating func appendTable(_ name: String, _ type: nf_tables_msg_types, _ flags: UInt16) {
        guard let table = nftnl_table_alloc() else { return }
        defer { nftnl_table_free(table) }
        nftnl_table_set_str(table, UInt16(NFTNL_TABLE_NAME.rawValue), name)
        appendNetfilter(type, flags) { nftnl_table_nlmsg_build_payload($0, table) }
    }

    private mutating func append(_ chain: Chain, _ table: String, _ flags: UInt16) {
        guard let object = nftnl_chain_alloc() else { return }
        defer { nftnl_chain_free(object) }
        nftnl_chain_set_str(object, UInt16(NFTNL_CHAIN_TABLE.rawValue), table)
        nftnl_chain_set_str(object, UInt16(NFTNL_CHAIN_NAME.rawValue), chain.name)
        if let attachment = chain.attachment {
            nftnl_chain_set_str(object, UInt16(NFTNL_CHAIN_TYPE.rawValue), attachment.kind.rawValue)
            nftnl_chain_set_u32(object, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue), attachment.hook.rawValue)
            nftnl_chain_set_s32(object, UInt16(NFTNL_CHAIN_PRIO.rawValue), attachment.priority)
            nftnl_chain_set_u32(object, UInt16(NFTNL_CHAIN_POLICY.rawValue), UInt32(NF_ACCEPT))
        }
        appendNetfilter(NFT_MSG_NEWCHAIN, flags) { nftnl_chain_nlmsg_build_payload($0, object) }
    }

    private mutating func appendRule(_ expressions: [Expression], _ chain: String?, _ table: String, _ type: nf_tables_msg_types, _ flags: UInt16) {
        guard let rule = nftnl_rule_alloc() else { return }
        defer { nftnl_rule_free(rule) }
        nftnl_rule_set_str(rule, UInt16(NFTNL_RULE_TABLE.rawValue), table)
        if let chain { nftnl_rule_set_str(rule, UInt16(NFTNL_RULE_CHAIN.rawValue), chain) }
        // The rule owns its expressions and frees them.
        for expression in expressions { if let object = expression.encoded() { nftnl_rule_add_expr(rule, object) } }
        appendNetfilter(type, flags) { nftnl_rule_nlmsg_build_payload($0, rule) }
    }

    private mutating func append(_ set: ElementSet, _ table: String, _ flags: UInt16) {
        guard let object = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(object) }
        nftnl_set_set_str(object, UInt16(NFTNL_SET_TABLE.rawValue), table)
        nftnl_set_set_str(object, UInt16(NFTNL_SET_NAME.rawValue), set.name)
        nftnl_set_set_u32(object, UInt16(NFTNL_SET_FAMILY.rawValue), UInt32(NFPROTO_IPV4))
        // Any number that no other set of the batch has.
        nftnl_set_set_u32(object, UInt16(NFTNL_SET_ID.rawValue), messages + 1)
        nftnl_set_set_u32(object, UInt16(NFTNL_SET_KEY_TYPE.rawValue), Self.type(set.key))
        nftnl_set_set_u32(object, UInt16(NFTNL_SET_KEY_LEN.rawValue), Self.size(set.key))
        var kind = set.isInterval ? UInt32(NFT_SET_INTERVAL.rawValue) : 0
        if !set.value.isEmpty {
            kind |= UInt32(NFT_SET_MAP.rawValue)
            nftnl_set_set_u32(object, UInt16(NFTNL_SET_DATA_TYPE.rawValue), Self.type(set.value))
            nftnl_set_set_u32(object, UInt16(NFTNL_SET_DATA_LEN.rawValue), Self.size(set.value))
        }
        nftnl_set_set_u32(object, UInt16(NFTNL_SET_FLAGS.rawValue), kind)
        appendNetfilter(NFT_MSG_NEWSET, flags) { nftnl_set_nlmsg_build_payload($0, object) }
    }

    /// nft's number of a compound type: six bits for each part.
    private static func type(_ parts: [KeyPart]) -> UInt32 { parts.reduce(0) { $0 << 6 | $1.rawValue } }

    private static func size(_ parts: [KeyPart]) -> UInt32 {
        parts.count == 1 ? parts[0].bareSize : parts.reduce(0) { $0 + $1.size }
    }

    private mutating func append(_ element: SetElement, _ set: String, _ table: String, _ type: nf_tables_msg_types, _ flags: UInt16) {
        guard let object = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(object) }
        nftnl_set_set_str(object, UInt16(NFTNL_SET_TABLE.rawValue), table)
        nftnl_set_set_str(object, UInt16(NFTNL_SET_NAME.rawValue), set)
        guard let item = element.encoded() else { return }
        nftnl_set_elem_add(object, item)
        appendNetfilter(type, flags) { nftnl_set_elems_nlmsg_build_payload($0, object) }
    }
}

extension SetElement {
    /// nft keeps comments as (type 0, length, NUL-ended text).
    private var userData: [UInt8] {
        let text = Array(comment.utf8.prefix(127)) + [0]
        return [0, UInt8(text.count)] + text
    }

    fileprivate func encoded() -> OpaquePointer? {
        guard let object = nftnl_set_elem_alloc() else { return nil }
        nftnl_set_elem_set(object, UInt16(NFTNL_SET_ELEM_KEY), key, UInt32(key.count))
        if !value.isEmpty { nftnl_set_elem_set(object, UInt16(NFTNL_SET_ELEM_DATA), value, UInt32(value.count)) }
        if endsRange { nftnl_set_elem_set_u32(object, UInt16(NFTNL_SET_ELEM_FLAGS), UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue)) }
        if !comment.isEmpty {
            let bytes = userData
            nftnl_set_elem_set(object, UInt16(NFTNL_SET_ELEM_USERDATA), bytes, UInt32(bytes.count))
        }
        return object
    }

    init(_ object: OpaquePointer) {
        key = Self.bytes(object, NFTNL_SET_ELEM_KEY)
        value = Self.bytes(object, NFTNL_SET_ELEM_DATA)
        // The library reads a flag that is not set through a null pointer.
        let flags = Self.bytes(object, NFTNL_SET_ELEM_FLAGS).withUnsafeBytes(\.u32)
        endsRange = flags & UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue) != 0
        let data = Self.bytes(object, NFTNL_SET_ELEM_USERDATA)
        comment = data.count > 2 && data[0] == 0 ? String(decoding: data[2...].prefix { $0 != 0 }, as: UTF8.self) : ""
    }

    private static func bytes(_ object: OpaquePointer, _ attribute: some BinaryInteger) -> [UInt8] {
        let attribute = UInt16(attribute)
        guard nftnl_set_elem_is_set(object, attribute) else { return [] }
        var count: UInt32 = 0
        let start = nftnl_set_elem_get(object, attribute, &count)
        return Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }
}
