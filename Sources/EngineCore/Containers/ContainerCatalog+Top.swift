import ContainerRuntime
import EngineErrors
import EngineModel
import Glibc
import LinuxCgroups
import LinuxSystem

extension ContainerCatalog {
    public func top(_ reference: String, arguments: String) async throws -> (titles: [String], rows: [[String]]) {
        let entry = try entry(reference)
        guard let running = entry.running else {
            throw EngineError(.conflict, "container \(entry.snapshot.id) is not running")
        }
        guard ["", "-ef"].contains(arguments) else {
            throw EngineError(.invalidArgument, "ps arguments \"\(arguments)\" are not supported: use -ef")
        }
        let cgroup = running.cgroup
        let rows = try await BlockingCalls.run { try cgroup.processes().sorted().compactMap(ProcessRow.read) }
        return (["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], rows)
    }
}

/// A line of `ps -ef`, read from /proc.
enum ProcessRow {
    static func read(_ pid: Int32) -> [String]? {
        guard let status = try? Files.read("/proc/\(pid)/stat"), let command = try? Files.read("/proc/\(pid)/cmdline") else { return nil }
        let text = String(decoding: status, as: UTF8.self)
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19 else { return nil }
        let ticks = Int(sysconf(Int32(_SC_CLK_TCK)))
        let used = ((Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)) / ticks
        let words = command.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        let name = words.isEmpty ? "[\(text[text.index(after: open)..<close])]" : words
        return [owner(pid), String(pid), String(fields[1]), "0", began(fields[19], ticks), terminal(fields[4]), clock(used), name]
    }

    /// The processes of its pid namespace, itself among them; of the host's, itself alone.
    static func companions(of pid: Int32) -> [Int32] {
        guard let space = namespace("\(pid)"), space != namespace("self") else { return [pid] }
        return ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }.filter { namespace("\($0)") == space }
    }

    private static func namespace(_ process: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(process)/ns/pid", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    private static func owner(_ pid: Int32) -> String {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0 else { return "?" }
        guard let entry = getpwuid(status.st_uid) else { return String(status.st_uid) }
        return String(cString: entry.pointee.pw_name)
    }

    private static func began(_ field: Substring, _ ticks: Int) -> String {
        var up = timespec(), now = timespec(), parts = tm()
        clock_gettime(CLOCK_BOOTTIME, &up)
        clock_gettime(CLOCK_REALTIME, &now)
        var start = now.tv_sec - up.tv_sec + (Int(field) ?? 0) / ticks
        localtime_r(&start, &parts)
        return "\(two(Int(parts.tm_hour))):\(two(Int(parts.tm_min)))"
    }

    private static func terminal(_ field: Substring) -> String {
        guard let number = Int(field), number != 0 else { return "?" }
        return number >> 8 & 0xfff == 136 ? "pts/\(number & 0xff)" : "?"
    }

    private static func clock(_ seconds: Int) -> String { "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))" }
    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
