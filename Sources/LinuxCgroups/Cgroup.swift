import CLinux
public import EngineErrors
import Glibc
public import LinuxSystem

/// One container's cgroup, in all hierarchies.
public struct Cgroup: Sendable {
    /// Below the root of each hierarchy.
    public let path: String
    let system: CgroupSystem

    private var folders: [String] {
        system.version == 2 ? [system.folder("", path)] : system.hierarchies.map { system.folder($0, path) }
    }

    /// The files that a pid is written to in order to join.
    public func processFiles() -> [String] { folders.map { "\($0)/cgroup.procs" } }

    func make() throws(Errno) {
        if system.version == 2 { try UnifiedHierarchy.delegate(system.root, path) }
        for folder in folders {
            try Files.makeDirectories(folder, mode: 0o755)
            if folder.hasPrefix("\(system.root)/cpuset/") { try CpusetInheritance.fill(folder, below: "\(system.root)/cpuset") }
        }
    }

    private static let markName = "trusted.gantry.mark"

    /// Kernels that keep no attributes for cgroups leave them without a mark.
    func set(mark: String) {
        for folder in folders.prefix(1) { _ = mark.withCString { setxattr(folder, Self.markName, $0, strlen($0), 0) } }
    }

    /// "": none.
    public var mark: String {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = folders.first.map { getxattr($0, Self.markName, &buffer, buffer.count) } ?? -1
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }

    /// Of all hierarchies; a part may have been removed.
    public var isWhole: Bool { folders.allSatisfy(Files.exists) }

    /// Moves processes into it. One that ends meanwhile needs no cgroup.
    public func add(_ pids: [Int32]) throws(EngineError) {
        for file in processFiles() {
            for pid in pids {
                do throws(Errno) { try Self.write("\(pid)", to: file) } catch  where error.code == ESRCH {} catch {
                    throw EngineError(.internal, "process \(pid) can't be moved: \(error)", errno: error.code)
                }
            }
        }
    }

    func apply(_ limits: CgroupLimits) throws(Errno) {
        if system.version == 2 { try UnifiedLimits.apply(limits, folders[0]) } else { try SeparateLimits.apply(limits, self) }
    }

    func file(_ controller: String, _ name: String) -> String { "\(system.folder(controller, path))/\(name)" }

    static func write(_ text: String, to file: String) throws(Errno) {
        let descriptor = try Files.open(file, O_WRONLY), raw = descriptor.raw
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { Glibc.write(raw, $0.baseAddress, $0.count) }
        if count < 0 { throw Errno(errno, "write \(text) to \(file)") }
    }

    static func read(_ file: String) -> String? { (try? Files.read(file)).map { String(decoding: $0, as: UTF8.self) } }

    /// pids, in the host's namespace.
    public func processes() throws(Errno) -> [Int32] {
        let controller = system.version == 2 ? "" : "pids"
        let text = String(decoding: try Files.read(file(controller, "cgroup.procs")), as: UTF8.self)
        return text.split(separator: "\n").compactMap { Int32($0) }
    }

    public func freeze(_ on: Bool) throws(Errno) {
        guard system.version == 1 else { return try Self.write(on ? "1" : "0", to: file("", "cgroup.freeze")) }
        let state = file("freezer", "freezer.state")
        guard on else { return try Self.write("THAWED", to: state) }
        // Version 1 stays at FREEZING when a process forks at the wrong moment; writing it again, and now and then letting
        // go for an instant, gets over it (as runc does).
        for attempt in 1...1000 {
            if attempt % 50 == 0 {
                try Self.write("THAWED", to: state)
                usleep(5000)
            }
            try Self.write("FROZEN", to: state)
            usleep(attempt % 25 == 0 ? 2000 : 500)
            if Self.read(state) == "FROZEN\n" { return }
        }
        try Self.write("THAWED", to: state)
        throw Errno(EBUSY, "freeze \(path)")
    }

    /// Its processes are frozen. Missing: false.
    public func isFrozen() -> Bool {
        system.version == 1 ? Self.read(file("freezer", "freezer.state")) == "FROZEN\n" : Self.read(file("", "cgroup.freeze")) == "1\n"
    }

    /// SIGKILL to everything inside.
    public func kill() throws(Errno) {
        if system.version == 2, Files.exists(file("", "cgroup.kill")) { return try Self.write("1", to: file("", "cgroup.kill")) }
        do {
            for _ in 0..<50 {
                let inside = try processes()
                if inside.isEmpty { return }
                try killMembers(inside)
                try? freeze(false)
                usleep(2000)
            }
        } catch {
            if error.code != ENOENT && error.code != ENODEV { throw error }
        }
    }

    /// A pid may have become another's since the list was read; one that is in the list again while its descriptor is
    /// held belongs to the process that the descriptor stands for, or that process is gone. Some at a time: descriptors
    /// are few.
    private func killMembers(_ pids: [Int32]) throws(Errno) {
        for start in stride(from: 0, to: pids.count, by: 64) {
            let handles = pids[start..<min(start + 64, pids.count)].map { (pid: $0, descriptor: gantry_pidfd_open($0)) }
            defer { for handle in handles where handle.descriptor >= 0 { close(handle.descriptor) } }
            let inside = Set(try processes())
            for handle in handles where handle.descriptor >= 0 && inside.contains(handle.pid) { gantry_pidfd_send_signal(handle.descriptor, SIGKILL) }
        }
    }

    /// Missing is fine. A cgroup whose last process has just died may stay busy for a moment.
    public func remove() throws(EngineError) {
        for folder in folders { try Self.remove(folder) }
    }

    private static func remove(_ folder: String) throws(EngineError) {
        for attempt in 0... {
            if rmdir(folder) == 0 || errno == ENOENT { return }
            let code = errno
            if code == EBUSY || code == ENOTEMPTY {
                for name in (try? Files.list(folder)) ?? [] where Files.exists("\(folder)/\(name)/cgroup.procs") { try remove("\(folder)/\(name)") }
            }
            guard code == EBUSY || code == ENOTEMPTY, attempt < 200 else {
                throw EngineError(.internal, "the cgroup \(folder) can't be removed: \(Errno(code))", errno: code)
            }
            usleep(attempt < 20 ? 500 : 10_000)
        }
    }

    /// The kernel killed something inside for its memory.
    public func oomKilled() -> Bool {
        let text = Self.read(system.version == 2 ? file("", "memory.events") : file("memory", "memory.oom_control")) ?? ""
        return text.split(separator: "\n").contains { $0.hasPrefix("oom_kill ") && !$0.hasSuffix(" 0") }
    }
}

/// A new cpuset of v1 has no CPUs; it gets its parent's, from the top down.
enum CpusetInheritance {
    static func fill(_ folder: String, below top: String) throws(Errno) {
        guard folder != top, let slash = folder.lastIndex(of: "/") else { return }
        let parent = String(folder[..<slash])
        try fill(parent, below: top)
        for name in ["cpuset.cpus", "cpuset.mems"] {
            guard (Cgroup.read("\(folder)/\(name)") ?? "").allSatisfy(\.isNewline) else { continue }
            try Cgroup.write(Cgroup.read("\(parent)/\(name)") ?? "", to: "\(folder)/\(name)")
        }
    }
}
