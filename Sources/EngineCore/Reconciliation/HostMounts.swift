import CLinux
import EngineErrors
import Glibc
import LinuxSystem

/// The host's table of mounts: the engine mounts in namespaces of its own, so nothing of it is ever there.
struct HostMounts: Reconciled {
    private let places: EnginePlaces

    init(_ places: EnginePlaces) { self.places = places }

    func discrepancies(deep: Bool) async -> [Discrepancy] {
        // Where only the engine mounts, and where the operator may: the data root, and a driver's folder.
        let data = Self.resolved(places.dataRoot), exec = Self.resolved(places.execRoot)
        let own = ["\(data)/scratch", "\(data)/content/ingest", "\(data)/containers", "\(exec)/root", "\(exec)/containers"]
        return points().compactMap { point in
            guard let owner = own.first(where: { point == $0 || point.hasPrefix("\($0)/") }) else { return nil }
            return Discrepancy(.mount, point, "a mount that no container has, in the engine's own folder \(owner)", .remove) { () async throws(EngineError) in
                try await BlockingCalls.run { _ = try Errno.check("unmount \(point)", umount2(point, Int32(MNT_DETACH))) }
            }
        }
    }

    /// As the kernel's table has it, without symbolic links.
    private static func resolved(_ path: String) -> String { (try? Files.realPath(path)) ?? path }

    /// The last one first: it may lie on another. proc(5), mountinfo.
    private func points() -> [String] {
        let text = (try? Files.read("/proc/self/mountinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").reversed().compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 ? Self.unescaped(fields[4]) : nil
        }
    }

    /// Spaces and the like are three octal digits behind a backslash.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = [], rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
