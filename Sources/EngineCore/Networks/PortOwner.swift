import EngineModel
import Glibc
import LinuxSystem

/// Which process of the host uses a port. Reads all of /proc; for error messages only.
enum PortOwner {
    /// "process 1234 (nginx)"; nil: not found.
    static func describe(_ port: ContainerPort) -> String? {
        let inodes = Set(
            ["", "6"].flatMap { family -> [String] in
                guard let bytes = try? Files.read("/proc/thread-self/net/\(port.transport.rawValue)\(family)") else { return [] }
                return self.inodes(String(decoding: bytes, as: UTF8.self), port.number)
            })
        if inodes.isEmpty { return nil }
        let links = Set(inodes.map { "socket:[\($0)]" })
        guard let pid = ((try? Files.list("/proc")) ?? []).compactMap(Int32.init).sorted().first(where: { hasSocket($0, links) }) else { return nil }
        let name = (try? Files.read("/proc/\(pid)/comm")).map { String(decoding: $0.prefix { $0 != 0x0a }, as: UTF8.self) }
        return "process \(pid)" + (name.map { " (\($0))" } ?? "")
    }

    /// Inodes of the sockets with the local port, from the text of /proc/net/tcp or udp.
    static func inodes(_ text: String, _ port: UInt16) -> [String] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, let local = fields[1].split(separator: ":").last, UInt16(local, radix: 16) == port, fields[9] != "0" else { return nil }
            return String(fields[9])
        }
    }

    private static func hasSocket(_ pid: Int32, _ links: Set<String>) -> Bool {
        guard let names = try? Files.list("/proc/\(pid)/fd") else { return false }
        var buffer = [CChar](repeating: 0, count: 64)
        return names.contains { name in
            let count = readlink("/proc/\(pid)/fd/\(name)", &buffer, 63)
            guard count > 0 else { return false }
            return links.contains(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }
}
