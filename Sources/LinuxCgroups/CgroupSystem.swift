public import EngineErrors
import Glibc
import LinuxSystem

/// The cgroups of this machine: v2 alone, or v1 hierarchies (also beside a v2 that has none of our controllers).
public struct CgroupSystem: Sendable {
    static let wanted = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"]

    /// 1 or 2.
    public let version: Int
    /// v1: controllers that are mounted, each below `root`.
    public let hierarchies: [String]
    let root: String

    /// - Throws: `.unsupported` when there are no cgroups.
    public static func detect(root: String = "/sys/fs/cgroup") throws(EngineError) -> CgroupSystem {
        if Files.exists("\(root)/cgroup.controllers") { return CgroupSystem(version: 2, hierarchies: [], root: root) }
        let found = wanted.filter { Files.exists("\(root)/\($0)/cgroup.procs") }
        guard found.contains("devices"), found.contains("pids"), found.contains("memory") else {
            throw EngineError(.unsupported, "no usable cgroups below \(root): mount cgroup v2 there, or the v1 controllers devices, memory and pids")
        }
        return CgroupSystem(version: 1, hierarchies: found, root: root)
    }

    /// Makes `path` ("gantry/<id>") with its limits. A failure leaves nothing.
    /// - Parameter mark: tells the cgroups of several daemons with one parent apart.
    public func create(_ path: String, _ limits: CgroupLimits, mark: String = "") throws(EngineError) -> Cgroup {
        let cgroup = open(path)
        do throws(Errno) {
            try cgroup.make()
            if !mark.isEmpty { cgroup.set(mark: mark) }
            try cgroup.apply(limits)
        } catch {
            try? cgroup.remove()
            throw EngineError(error.code == EINVAL || error.code == ERANGE ? .invalidArgument : .internal, "the cgroup \(path) can't be set up: \(error)", errno: error.code)
        }
        return cgroup
    }

    /// One that exists, or did.
    public func open(_ path: String) -> Cgroup { Cgroup(path: path, system: self) }

    /// Names of the cgroups below `parent`.
    public func list(below parent: String) -> [String] {
        let places = version == 2 ? ["\(root)/\(parent)"] : hierarchies.map { "\(root)/\($0)/\(parent)" }
        var names = Set<String>()
        for place in places {
            for name in (try? Files.list(place)) ?? [] where Files.exists("\(place)/\(name)/cgroup.procs") { names.insert(name) }
        }
        return names.sorted()
    }

    /// The common parent goes when nothing is in it.
    public func removeParentIfEmpty(_ parent: String) {
        for place in version == 2 ? ["\(root)/\(parent)"] : hierarchies.map({ "\(root)/\($0)/\(parent)" }) { rmdir(place) }
    }

    /// The folder of a controller's cgroup.
    func folder(_ controller: String, _ path: String) -> String {
        version == 2 ? "\(root)/\(path)" : "\(root)/\(controller)/\(path)"
    }
}
