import Glibc
import LinuxSystem

/// What a container engine can leave behind, counted. Two counts are compared to find leaks.
public struct KernelObjects: Equatable, Sendable, CustomStringConvertible {
    public var counts: [String: Int] = [:]
    /// The daemon's descriptors by what they are, to say what grew.
    private var descriptors: [String: Int] = [:]

    /// - Parameters:
    ///   - daemon: whose descriptors and threads count; 0: none.
    ///   - dataRoot: whose files count.
    public static func count(daemon: Int32, dataRoot: String, execRoot: String) -> KernelObjects {
        var result = KernelObjects()
        result.counts["mounts"] = lines("/proc/self/mountinfo")
        result.counts["links"] = names("/sys/class/net").count
        result.counts["network namespaces"] = namespaces()
        result.counts["cgroups"] = cgroups()
        result.counts["shims"] = shims(execRoot)
        result.counts["running containers' folders"] = names("\(execRoot)/containers").count
        result.counts["nftables lines"] =
            Command.run(["nft", "list", "ruleset"]).output.split(separator: "\n").count { !$0.contains("counter") }
            + Command.run(["nft", "list", "ruleset"]).output.split(separator: ",").count
        result.counts["files in the data folder"] = files(dataRoot)
        if daemon > 0 {
            result.descriptors = descriptors(daemon)
            result.counts["descriptors of the daemon"] = result.descriptors.values.reduce(0, +)
        }
        return result
    }

    /// What grew, in words; empty: nothing.
    public func growth(since before: KernelObjects) -> [String] {
        counts.sorted { $0.key < $1.key }.compactMap { name, count in
            let old = before.counts[name] ?? 0
            guard count > old else { return nil }
            let kinds = descriptors.filter { $1 > before.descriptors[$0] ?? 0 }.map { "\($1 - (before.descriptors[$0] ?? 0)) more \($0)" }.sorted()
            return "\(name): \(old) before, \(count) now" + (name.hasPrefix("descriptors") ? ", \(kinds.joined(separator: ", "))" : "")
        }
    }

    public var description: String { counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }

    private static func names(_ folder: String) -> [String] { (try? Files.list(folder)) ?? [] }
    private static func lines(_ path: String) -> Int { ((try? Files.read(path)) ?? []).count { $0 == 0x0a } }

    /// All but the timers of libdispatch, which makes them when they are first needed and keeps them.
    private static func descriptors(_ process: Int32) -> [String: Int] {
        let targets = names("/proc/\(process)/fd").map { link("/proc/\(process)/fd/\($0)") ?? "unknown" }
        // Sockets and pipes have numbers of their own.
        return Dictionary(targets.filter { $0 != "anon_inode:[timerfd]" }.map { ($0.hasPrefix("/") ? $0 : String($0.filter { !$0.isNumber }), 1) }, uniquingKeysWith: +)
    }

    private static func namespaces() -> Int {
        Set(names("/proc").filter { Int($0) != nil }.compactMap { link("/proc/\($0)/ns/net") }).count
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink(path, &buffer, 63)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    private static func cgroups() -> Int {
        var total = 0
        for controller in names("/sys/fs/cgroup") {
            total += folders("/sys/fs/cgroup/\(controller)/gantry")
        }
        return total + folders("/sys/fs/cgroup/gantry")
    }

    private static func folders(_ path: String) -> Int {
        names(path).reduce(0) { sum, name in
            var status = stat()
            return sum + (lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? 1 : 0)
        }
    }

    private static func shims(_ execRoot: String) -> Int {
        names("/proc").count { name in
            guard Int(name) != nil, let line = try? Files.read("/proc/\(name)/cmdline") else { return false }
            guard line.starts(with: "gantry-shim".utf8), let status = try? Files.read("/proc/\(name)/stat") else { return false }
            return !String(decoding: status, as: UTF8.self).contains(") Z")
        }
    }

    /// All but the database, whose journal comes and goes.
    private static func files(_ root: String) -> Int {
        names(root).reduce(0) { sum, name in
            if name.hasPrefix("state.sqlite") { return sum }
            var status = stat()
            guard lstat("\(root)/\(name)", &status) == 0 else { return sum }
            return sum + 1 + (status.st_mode & S_IFMT == S_IFDIR ? files("\(root)/\(name)") : 0)
        }
    }
}
