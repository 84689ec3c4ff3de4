import CCapability
public import EngineErrors

/// Linux capabilities, by name and as bit masks.
public enum Capabilities {
    /// What a container has unless it asks for more or less: Docker's fourteen.
    public static let standard = [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ]

    /// All that this kernel has and this process may give.
    public static let all: [String] = {
        let own = cap_get_proc()
        defer { cap_free(UnsafeMutableRawPointer(own)) }
        return (0...63).compactMap { number in
            var flag = CAP_CLEAR
            guard cap_get_bound(cap_value_t(number)) > 0, cap_get_flag(own, cap_value_t(number), CAP_PERMITTED, &flag) == 0, flag == CAP_SET,
                let text = cap_to_name(cap_value_t(number))
            else { return nil }
            defer { cap_free(text) }
            return String(cString: text).uppercased()
        }
    }()

    /// `--cap-add`, `--cap-drop` and `--privileged` as a set of names.
    ///
    /// - Throws: `.invalidArgument` for a name that the kernel does not have.
    public static func resolve(adding: [String], dropping: [String], privileged: Bool) throws(EngineError) -> Set<String> {
        if privileged { return Set(all) }
        var added: Set<String> = [], dropped: Set<String> = []
        for name in adding { added.insert(try normal(name)) }
        for name in dropping { dropped.insert(try normal(name)) }
        var result: Set<String> = dropped.contains("ALL") ? [] : added.contains("ALL") ? Set(all) : Set(standard)
        result.formUnion(added.subtracting(["ALL"]))
        return dropped.contains("ALL") ? result : result.subtracting(dropped)
    }

    public static func mask(_ names: Set<String>) -> UInt64 {
        names.reduce(0) { mask, name in
            var number: cap_value_t = 0
            return cap_from_name(name.lowercased(), &number) == 0 ? mask | 1 << UInt64(number) : mask
        }
    }

    private static func normal(_ name: String) throws(EngineError) -> String {
        let upper = name.uppercased()
        if upper == "ALL" || upper == "CAP_ALL" { return "ALL" }
        let full = upper.hasPrefix("CAP_") ? upper : "CAP_\(upper)"
        var number: cap_value_t = 0
        guard full.utf8.allSatisfy({ $0 > 0x20 }), cap_from_name(full.lowercased(), &number) == 0, cap_get_bound(number) >= 0 else {
            throw EngineError(.invalidArgument, "invalid capability: \"\(name)\" is unknown to this kernel")
        }
        return full
    }
}
