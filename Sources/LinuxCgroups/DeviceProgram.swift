import CLinux
import Glibc
import LinuxSystem

/// The device rules of cgroup v2: a BPF program that says yes or no to each access.
///
/// The kernel's context is (access << 16 | type, major, minor), type 1 block, 2 character; access 1 mknod, 2 read, 4 write.
enum DeviceProgram {
    static func attach(_ rules: [DeviceRule], to folder: String) throws(Errno) {
        let program = try OwnedFD(adopting: load(instructions(rules)))
        let cgroup = try Files.open(folder, O_RDONLY | O_DIRECTORY)
        try Errno.check("attach the device rules to \(folder)", gantry_bpf_attach_device(cgroup.raw, program.raw))
    }

    private static func load(_ instructions: [UInt64]) throws(Errno) -> Int32 {
        try Errno.check("load the device rules", instructions.withUnsafeBufferPointer { gantry_bpf_load_device($0.baseAddress, UInt32($0.count)) })
    }

    /// Later rules win, so the last one comes first; without a match the answer is no.
    static func instructions(_ rules: [DeviceRule]) -> [UInt64] {
        var program = [
            word(0x61, destination: 2, source: 1, offset: 0), word(0x54, destination: 2, value: 0xffff),  // r2 = type
            word(0x61, destination: 3, source: 1, offset: 0), word(0x74, destination: 3, value: 16),  // r3 = access
            word(0x61, destination: 4, source: 1, offset: 4), word(0x61, destination: 5, source: 1, offset: 8),  // r4, r5 = major, minor
        ]
        for rule in rules.reversed() { program += block(rule) }
        return program + [word(0xb7, destination: 0, value: 0), word(0x95)]
    }

    /// Jumps behind itself where the rule does not match.
    private static func block(_ rule: DeviceRule) -> [UInt64] {
        var tests: [(code: UInt8, register: UInt8, value: Int32)] = []
        if rule.kind != "a" { tests.append((0x55, 2, rule.kind == "b" ? 1 : 2)) }
        let bits = mask(rule.access)
        let answer = [word(0xb7, destination: 0, value: rule.allow ? 1 : 0), word(0x95)]
        if let major = rule.major { tests.append((0x55, 4, Int32(truncatingIfNeeded: major))) }
        if let minor = rule.minor { tests.append((0x55, 5, Int32(truncatingIfNeeded: minor))) }
        // Every bit asked for must be in the rule: r1 = access & ~bits must be 0.
        let access = bits == 7 ? 0 : 3
        var body: [UInt64] = []
        for (index, test) in tests.enumerated() {
            let behind = tests.count - index - 1 + access + answer.count
            body.append(word(test.code, destination: test.register, offset: Int16(behind), value: test.value))
        }
        if access > 0 {
            body.append(word(0xbc, destination: 0, source: 3))
            body.append(word(0x54, destination: 0, value: Int32(7 & ~bits)))
            body.append(word(0x55, destination: 0, offset: Int16(answer.count), value: 0))
        }
        return body + answer
    }

    private static func mask(_ access: String) -> Int {
        (access.contains("m") ? 1 : 0) | (access.contains("r") ? 2 : 0) | (access.contains("w") ? 4 : 0)
    }

    /// One instruction: code, registers, offset, immediate value.
    private static func word(_ code: UInt8, destination: UInt8 = 0, source: UInt8 = 0, offset: Int16 = 0, value: Int32 = 0) -> UInt64 {
        UInt64(code) | UInt64(source << 4 | destination) << 8 | UInt64(UInt16(bitPattern: offset)) << 16 | UInt64(UInt32(bitPattern: value)) << 32
    }
}
