import CLinux
import ContainerRuntime
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem

/// Device nodes of the host, for `--device` and `--privileged`.
enum HostDevices {
    /// One device, or all of a folder.
    static func find(_ request: DeviceRequest) throws(EngineError) -> [DeviceSpecification] {
        guard request.permissions.allSatisfy({ "rwm".contains($0) }), !request.permissions.isEmpty else {
            throw EngineError(.invalidArgument, "invalid device mode: \(request.permissions)")
        }
        var status = stat()
        guard stat(request.hostPath, &status) == 0 else {
            throw EngineError(.invalidArgument, "error gathering device information while adding custom device \"\(request.hostPath)\": no such file or directory")
        }
        if status.st_mode & S_IFMT == S_IFDIR { return inside(request.hostPath, as: request.containerPath) }
        guard let device = specification(status, at: request.containerPath) else {
            throw EngineError(.invalidArgument, "error gathering device information while adding custom device \"\(request.hostPath)\": not a device node")
        }
        return [device]
    }

    /// Everything in /dev but what the container has of its own.
    static func all() -> [DeviceSpecification] {
        let own: Set<String> = ["/dev/pts", "/dev/shm", "/dev/fd", "/dev/mqueue", "/dev/console", "/dev/ptmx"]
        let standard = Set(StandardMounts.devices.map(\.path))
        return inside("/dev", as: "/dev", skipping: own).filter { !standard.contains($0.path) }
    }

    private static func inside(_ folder: String, as target: String, skipping: Set<String> = []) -> [DeviceSpecification] {
        var result: [DeviceSpecification] = []
        for name in (try? Files.list(folder)) ?? [] where !skipping.contains("\(folder)/\(name)") {
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                result += inside("\(folder)/\(name)", as: "\(target)/\(name)", skipping: skipping)
            } else if let device = specification(status, at: "\(target)/\(name)") {
                result.append(device)
            }
        }
        return result
    }

    private static func specification(_ status: stat, at path: String) -> DeviceSpecification? {
        guard [S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT) else { return nil }
        return DeviceSpecification(
            path: path, mode: status.st_mode, major: gantry_major(status.st_rdev), minor: gantry_minor(status.st_rdev),
            uid: status.st_uid, gid: status.st_gid)
    }
}
