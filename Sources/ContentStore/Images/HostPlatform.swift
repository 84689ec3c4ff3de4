import Glibc

/// The platform of this host in the terms of images (Go's).
public struct HostPlatform: Sendable, Equatable {
    public var os, architecture: String

    public static let current: HostPlatform = {
        var system = utsname()
        uname(&system)
        let machine = withUnsafeBytes(of: &system.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let names = ["x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"]
        return HostPlatform(os: "linux", architecture: names[machine] ?? machine)
    }()
}
