import CNetfilter
import Glibc

extension Expression {
    /// The caller owns it.
    func encoded() -> OpaquePointer? {
        switch self {
        case .networkHeader(let offset, let length, let register): Self.payload(NFT_PAYLOAD_NETWORK_HEADER, offset, length, register)
        case .transportHeader(let offset, let length, let register): Self.payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset, length, register)
        case .inputName(let register): Self.meta(NFT_META_IIFNAME, register)
        case .outputName(let register): Self.meta(NFT_META_OIFNAME, register)
        case .connectionState(let register): Self.connection(NFT_CT_STATE, register)
        case .connectionStatus(let register): Self.connection(NFT_CT_STATUS, register)
        case .destinationType(let register): Self.destinationType(register)
        case .isEqual(let register, let bytes): Self.compare(NFT_CMP_EQ, register, bytes)
        case .isNotEqual(let register, let bytes): Self.compare(NFT_CMP_NEQ, register, bytes)
        case .mask(let register, let bytes): Self.mask(register, bytes)
        case .contains(let register, let set): Self.lookup(register, set)
        case .lacks(let register, let set): Self.lookup(register, set, inverted: true)
        case .look(let register, let map, let target): Self.lookup(register, map, into: target)
        case .accept: Self.verdict(NF_ACCEPT)
        case .drop: Self.verdict(NF_DROP)
        case .return: Self.verdict(NFT_RETURN.rawValue)
        case .jump(let chain): Self.verdict(NFT_JUMP.rawValue, chain)
        case .destinationNAT(let address, let port): Self.destinationNAT(address, port)
        case .masquerade: nftnl_expr_alloc("masq")
        }
    }

    private static func make(_ name: String, _ numbers: [(Int, UInt32)]) -> OpaquePointer? {
        guard let object = nftnl_expr_alloc(name) else { return nil }
        for (attribute, number) in numbers { nftnl_expr_set_u32(object, UInt16(attribute), number) }
        return object
    }

    private static func payload(_ base: nft_payload_bases, _ offset: UInt32, _ length: UInt32, _ register: Register) -> OpaquePointer? {
        make(
            "payload",
            [
                (Int(NFTNL_EXPR_PAYLOAD_BASE), base.rawValue), (Int(NFTNL_EXPR_PAYLOAD_OFFSET), offset),
                (Int(NFTNL_EXPR_PAYLOAD_LEN), length), (Int(NFTNL_EXPR_PAYLOAD_DREG), register.number),
            ])
    }

    private static func meta(_ key: nft_meta_keys, _ register: Register) -> OpaquePointer? {
        make("meta", [(Int(NFTNL_EXPR_META_KEY), key.rawValue), (Int(NFTNL_EXPR_META_DREG), register.number)])
    }

    private static func connection(_ key: nft_ct_keys, _ register: Register) -> OpaquePointer? {
        make("ct", [(Int(NFTNL_EXPR_CT_KEY), key.rawValue), (Int(NFTNL_EXPR_CT_DREG), register.number)])
    }

    private static func destinationType(_ register: Register) -> OpaquePointer? {
        make(
            "fib",
            [
                (Int(NFTNL_EXPR_FIB_RESULT), NFT_FIB_RESULT_ADDRTYPE.rawValue), (Int(NFTNL_EXPR_FIB_FLAGS), UInt32(NFTA_FIB_F_DADDR.rawValue)),
                (Int(NFTNL_EXPR_FIB_DREG), register.number),
            ])
    }

    private static func compare(_ operation: nft_cmp_ops, _ register: Register, _ bytes: [UInt8]) -> OpaquePointer? {
        let object = make("cmp", [(Int(NFTNL_EXPR_CMP_SREG), register.number), (Int(NFTNL_EXPR_CMP_OP), operation.rawValue)])
        if let object { nftnl_expr_set(object, UInt16(NFTNL_EXPR_CMP_DATA), bytes, UInt32(bytes.count)) }
        return object
    }

    private static func mask(_ register: Register, _ bytes: [UInt8]) -> OpaquePointer? {
        let object = make(
            "bitwise",
            [
                (Int(NFTNL_EXPR_BITWISE_SREG), register.number), (Int(NFTNL_EXPR_BITWISE_DREG), register.number),
                (Int(NFTNL_EXPR_BITWISE_LEN), UInt32(bytes.count)),
            ])
        let zeros = [UInt8](repeating: 0, count: bytes.count)
        if let object {
            nftnl_expr_set(object, UInt16(NFTNL_EXPR_BITWISE_MASK), bytes, UInt32(bytes.count))
            nftnl_expr_set(object, UInt16(NFTNL_EXPR_BITWISE_XOR), zeros, UInt32(zeros.count))
        }
        return object
    }

    private static func lookup(_ register: Register, _ set: String, into target: Register? = nil, inverted: Bool = false) -> OpaquePointer? {
        var numbers = [(Int(NFTNL_EXPR_LOOKUP_SREG), register.number)]
        if let target { numbers.append((Int(NFTNL_EXPR_LOOKUP_DREG), target.number)) }
        if inverted { numbers.append((Int(NFTNL_EXPR_LOOKUP_FLAGS), UInt32(NFT_LOOKUP_F_INV.rawValue))) }
        let object = make("lookup", numbers)
        if let object { nftnl_expr_set_str(object, UInt16(NFTNL_EXPR_LOOKUP_SET), set) }
        return object
    }

    private static func verdict(_ code: Int32, _ chain: String? = nil) -> OpaquePointer? {
        let object = make(
            "immediate",
            [
                (Int(NFTNL_EXPR_IMM_DREG), NFT_REG_VERDICT.rawValue), (Int(NFTNL_EXPR_IMM_VERDICT), UInt32(bitPattern: code)),
            ])
        if let object, let chain { nftnl_expr_set_str(object, UInt16(NFTNL_EXPR_IMM_CHAIN), chain) }
        return object
    }

    private static func destinationNAT(_ address: Register, _ port: Register) -> OpaquePointer? {
        make(
            "nat",
            [
                (Int(NFTNL_EXPR_NAT_TYPE), NFT_NAT_DNAT.rawValue), (Int(NFTNL_EXPR_NAT_FAMILY), UInt32(NFPROTO_IPV4)),
                (Int(NFTNL_EXPR_NAT_REG_ADDR_MIN), address.number), (Int(NFTNL_EXPR_NAT_REG_PROTO_MIN), port.number),
            ])
    }
}
