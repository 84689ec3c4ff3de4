import Glibc
import LinuxSystem

/// The shim of a container.
public enum ShimProcess {
    /// The parent of the container's first process; when that was reaped already, whoever calls itself its shim.
    /// nil: there is none.
    public static func find(_ container: String, of pid: Int32) -> Int32? {
        if pid > 0, let parent = parent(pid), isShim(parent, of: container) { return parent }
        let processes = ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }
        // A child of the shim has its name until it executes.
        return processes.first { isShim($0, of: container) && !(parent($0).map { isShim($0, of: container) } ?? false) }
    }

    private static func parent(_ pid: Int32) -> Int32? { fields(pid).dropFirst().first.flatMap { Int32($0) } }

    /// Of /proc/<pid>/stat, behind the name.
    private static func fields(_ pid: Int32) -> [Substring] {
        guard let status = try? Files.read("/proc/\(pid)/stat") else { return [] }
        let text = String(decoding: status, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: close)...].split(separator: " ")
    }

    /// The kernel's letter for what it does: "T" when it was stopped.
    public static func state(_ pid: Int32) -> String { fields(pid).first.map(String.init) ?? "" }

    /// It is on its way out, though its parent may not have to know yet (`PF_EXITING` of linux/sched.h).
    static func isExiting(_ pid: Int32) -> Bool { fields(pid).dropFirst(6).first.flatMap { UInt64($0) }.map { $0 & 4 != 0 } ?? false }

    private static func isShim(_ pid: Int32, of container: String) -> Bool {
        guard pid > 1, let line = try? Files.read("/proc/\(pid)/cmdline") else { return false }
        return line == Array("gantry-shim\0\(container)\0".utf8)
    }
}
