import Glibc
import LinuxSystem

/// The processes behind a container.
extension Engine {
    /// 0: it does not run.
    public func shim(of name: String) -> Int32 { Self.parent(firstProcess(of: name)) }

    public func firstProcess(of name: String) -> Int32 {
        Int32(gantry("inspect", "--format", "{{.State.Pid}}", name).output.filter { !$0.isNewline }) ?? 0
    }

    public static func parent(_ pid: Int32) -> Int32 { Int32(status("PPid:", pid)) ?? 0 }

    /// False: it is gone, or a zombie that nobody reaps.
    public static func runs(_ pid: Int32) -> Bool { !["", "Z"].contains(status("State:", pid).prefix(1)) }

    private static func status(_ field: String, _ pid: Int32) -> String {
        let text = (try? Files.read("/proc/\(pid)/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").first { $0.hasPrefix(field) }.flatMap { $0.split(separator: "\t").last }.map(String.init) ?? ""
    }
}
