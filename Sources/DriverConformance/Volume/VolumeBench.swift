import DriverHost
import DriverKit
import Glibc
import LinuxSystem

/// A volume driver over a folder, and what its mounts show.
final class VolumeBench {
    let bench: Bench
    let state: String
    private(set) var volumes: LoadedVolumeDriver

    init(_ bench: Bench) throws {
        self.bench = bench
        state = try bench.state()
        volumes = try Self.open(bench, state)
    }

    private static func open(_ bench: Bench, _ state: String) throws -> LoadedVolumeDriver {
        bench.step("open")
        return try LoadedVolumeDriver(bench.driver, bench.context(bench.driver.name, state: state))
    }

    func close() { bench.close(volumes) }

    /// As after a restart of the engine.
    func reopen() throws {
        close()
        try reopened()
    }

    /// After `close`.
    func reopened() throws { volumes = try Self.open(bench, state) }

    func create(_ name: String) throws {
        bench.step("create \(name)")
        try volumes.create(name, options: bench.settings.objectOptions)
    }

    func remove(_ name: String) throws {
        bench.step("remove \(name)")
        try volumes.remove(name)
    }

    func unmount(_ name: String, _ user: String) throws {
        bench.step("unmount \(name) for \(user)")
        try volumes.unmount(name, user: user)
    }

    func walk() throws -> [Volume] {
        bench.step("walk")
        var result: [Volume] = []
        try volumes.walk {
            result.append($0)
            return true
        }
        return result
    }

    func names() throws -> Set<String> { Set(try walk().map(\.name)) }

    /// Runs `body` with the volume mounted for `user` at the path that it gets; does not call unmount.
    func inside<R>(_ name: String, _ user: String, _ body: (String) throws -> R) throws -> R {
        bench.step("mount \(name) for \(user)")
        let mounts = try volumes.mount(name, user: user), point = "\(bench.folder)/point-\(name.prefix(100))-\(user)"
        return try MountedTree.inside(mounts, at: point, bench, body)
    }

    func clear() throws { for name in try names() { try remove(name) } }
}
