import EngineModel
import Glibc
import LinuxSystem

/// The subnets that the host has routes to, and that a new network must not hide.
enum HostRoutes {
    /// Without default routes. Empty when the kernel's table can't be read.
    static func subnets() -> [IPv4Subnet] {
        guard let bytes = try? Files.read("/proc/thread-self/net/route") else { return [] }
        return parse(String(decoding: bytes, as: UTF8.self))
    }

    /// The kernel's table: Iface, Destination, Gateway, Flags, RefCnt, Use, Metric, Mask, …; numbers are hexadecimal
    /// in the byte order of the machine.
    static func parse(_ text: String) -> [IPv4Subnet] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard fields.count > 7, let destination = UInt32(fields[1], radix: 16), let mask = UInt32(fields[7], radix: 16), mask != 0 else { return nil }
            return IPv4Subnet(containing: IPv4Address(value: UInt32(bigEndian: destination)), prefixLength: mask.nonzeroBitCount)
        }
    }
}
