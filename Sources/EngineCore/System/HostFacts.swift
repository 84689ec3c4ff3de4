import Glibc
import LinuxSystem

/// What the kernel and the distribution say of this host. Read once; only the count of descriptors changes.
struct HostFacts: Sendable {
    private let kernel, architecture: String
    private let operatingSystem, osVersion: String
    private let memory: Int64
    private let cgroupVersion: String
    private let securityOptions: [String]

    init() {
        var name = utsname()
        uname(&name)
        kernel = Self.text(name.release)
        architecture = Self.text(name.machine)
        let release = Self.release()
        operatingSystem = release["PRETTY_NAME"] ?? release["NAME"] ?? "Linux"
        osVersion = release["VERSION_ID"] ?? ""
        memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        // The unified hierarchy's root has this file; with a hybrid one it lies a folder deeper.
        cgroupVersion = Files.exists("/sys/fs/cgroup/cgroup.controllers") ? "2" : "1"
        securityOptions = Files.exists("/proc/sys/kernel/seccomp/actions_avail") ? ["name=seccomp,profile=builtin"] : []
    }

    func describe(_ information: inout SystemInformation) {
        var name = utsname()
        uname(&name)
        information.name = Self.text(name.nodename)
        information.kernel = kernel
        information.architecture = architecture
        information.operatingSystem = operatingSystem
        information.osVersion = osVersion
        information.cpus = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        information.memory = memory
        information.cgroupVersion = cgroupVersion
        information.securityOptions = securityOptions
        information.openDescriptors = (try? Files.list("/proc/self/fd").count) ?? 0
    }

    /// A field of utsname: characters up to the first zero.
    private static func text<T>(_ field: T) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// os-release(5): NAME=value lines, the value perhaps in quotes.
    private static func release() -> [String: String] {
        guard let bytes = (try? Files.read("/etc/os-release")) ?? (try? Files.read("/usr/lib/os-release")) else { return [:] }
        var values: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[String(parts[0])] = unquoted(parts[1]) }
        }
        return values
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else { return String(text) }
        return String(text.dropFirst().dropLast())
    }
}
