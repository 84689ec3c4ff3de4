import CSeccomp
public import EngineErrors
import Glibc
import Synchronization

/// Compiled seccomp filters, each made once.
public enum SeccompProgram {
    private struct Key: Hashable {
        var profile: String?
        var capabilities: Set<String>
    }

    private static let cache = Mutex<[Key: [UInt8]]>([:])

    /// A program for a process with these capabilities; empty: no filter.
    ///
    /// - Parameter profile: nil: the default; "unconfined"; else a profile in Docker's JSON.
    /// - Throws: `.invalidArgument` for a profile that can't be understood.
    public static func make(profile: String?, capabilities: Set<String>) throws(EngineError) -> [UInt8] {
        if profile == "unconfined" { return [] }
        let key = Key(profile: profile, capabilities: capabilities)
        if let known = cache.withLock({ $0[key] }) { return known }
        let program = if let profile { try ProfileDocument(profile).compile(capabilities) } else { try standard(capabilities) }
        cache.withLock { cache in
            // Users' profiles are few; a flood of them must not fill the memory.
            if cache.count > 64 { cache = [:] }
            cache[key] = program
        }
        return program
    }

    private static func standard(_ capabilities: Set<String>) throws(EngineError) -> [UInt8] {
        let allow = UInt32(0x7fff_0000)
        let filter = try SeccompFilter(defaultAction: deny(EPERM))
        for name in StandardProfile.allowed { try filter.add(allow, name) }
        for group in StandardProfile.withCapability where capabilities.contains(group.capability) {
            for name in group.names { try filter.add(allow, name) }
        }
        for value in StandardProfile.personalities { try filter.add(allow, "personality", [equal(0, value)]) }
        // Sockets of every family but AF_ALG (38) and AF_VSOCK (40).
        try filter.add(allow, "socket", [compare(0, SCMP_CMP_LT, 38)])
        try filter.add(allow, "socket", [equal(0, 39)])
        try filter.add(allow, "socket", [compare(0, SCMP_CMP_GT, 40)])
        if !capabilities.contains("CAP_SYS_ADMIN") {
            try filter.add(allow, "clone", [scmp_arg_cmp(arg: 0, op: SCMP_CMP_MASKED_EQ, datum_a: StandardProfile.namespaceFlags, datum_b: 0)])
            // Its flags lie in memory, where a filter can't look: "not there" makes the C library use clone.
            try filter.add(deny(ENOSYS), "clone3")
        }
        return try filter.program()
    }

    static func deny(_ error: Int32) -> UInt32 { 0x0005_0000 | UInt32(error) & 0xffff }
    static func equal(_ argument: UInt32, _ value: UInt64) -> scmp_arg_cmp { compare(argument, SCMP_CMP_EQ, value) }
    static func compare(_ argument: UInt32, _ operation: scmp_compare, _ value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: argument, op: operation, datum_a: value, datum_b: 0)
    }
}
