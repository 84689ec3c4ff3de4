import Glibc
import LinuxSystem

/// The shim of a container, found through the container's first process.
public enum ShimProcess {
    /// nil: that process is gone, or its parent is no shim of this container.
    public static func find(_ container: String, of pid: Int32) -> Int32? {
        guard pid > 0, let status = try? Files.read("/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: status, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 1, let parent = Int32(fields[1]), isShim(parent, of: container) else { return nil }
        return parent
    }

    /// The kernel's letter for what it does: "T" when it was stopped.
    public static func state(_ pid: Int32) -> String {
        guard let status = try? Files.read("/proc/\(pid)/stat") else { return "" }
        let text = String(decoding: status, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return "" }
        return text[text.index(after: close)...].split(separator: " ").first.map(String.init) ?? ""
    }

    private static func isShim(_ pid: Int32, of container: String) -> Bool {
        guard pid > 1, let line = try? Files.read("/proc/\(pid)/cmdline") else { return false }
        return line == Array("gantry-shim\0\(container)\0".utf8)
    }
}
