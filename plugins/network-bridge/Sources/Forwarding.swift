import DriverKit
import Glibc
import LinuxSystem

/// The host's switch for routing between its interfaces.
enum Forwarding {
    private static let path = "/proc/sys/net/ipv4/ip_forward"

    /// Switches it on if it is off. Never switches it off: others may count on it.
    static func enable() throws {
        if try Files.read(path).first == UInt8(ascii: "1") { return }
        let file = try Files.open(path, O_WRONLY)
        try withUnsafeBytes(of: UInt8(ascii: "1")) { try Files.writeAll(file.raw, $0, path) }
        Driver.log(.info, "switched IPv4 forwarding on (net.ipv4.ip_forward)")
    }
}
