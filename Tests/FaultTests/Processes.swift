import FaultHarness
import Glibc
import LinuxSystem
import TestSupport

/// Processes of containers, as the machine sees them.
enum Processes {
    /// 0: it does not run.
    static func shim(_ engine: Engine, _ container: String) -> Int32 {
        let pid = Int32(engine.gantry("inspect", "--format", "{{.State.Pid}}", container).output.split(separator: "\n").first ?? "") ?? 0
        return pid > 0 ? parent(pid) : 0
    }

    /// Init, its children, and what was exec'd.
    static func inside(_ engine: Engine, _ container: String) -> [Int32] {
        // UID, PID, …
        engine.gantry("top", container).output.split(separator: "\n").dropFirst().compactMap { Int32($0.split(separator: " ")[1]) }
    }

    static func parent(_ pid: Int32) -> Int32 { Int32(fields(pid).dropFirst().first ?? "") ?? 0 }

    /// A zombie is not.
    static func isAlive(_ pid: Int32) -> Bool { fields(pid).first.map { $0 != "Z" } ?? false }

    /// Of /proc/PID/stat, from the state on.
    private static func fields(_ pid: Int32) -> [Substring] {
        let text = ((try? Files.read("/proc/\(pid)/stat")) ?? []).map { $0 }
        return String(decoding: text, as: UTF8.self).split(separator: ")").last.map { $0.split(separator: " ") } ?? []
    }
}

/// What comes true by itself.
enum Eventually {
    static func holds(seconds: Int = 10, _ condition: () -> Bool) -> Bool {
        for _ in 0..<seconds * 50 {
            if condition() { return true }
            usleep(20_000)
        }
        return condition()
    }
}
