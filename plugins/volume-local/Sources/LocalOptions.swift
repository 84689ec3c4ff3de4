import DriverKit
import Glibc

/// The options of one volume: a file system to mount in place of a plain folder, as mount(8) takes it.
struct LocalOptions {
    static let declared = [
        DriverOption("type", .string, "File system to mount, such as tmpfs, nfs or ext4; none for a bind mount"),
        DriverOption("device", .string, "What to mount: a device, a share (:/path), or with o=bind a folder"),
        DriverOption("o", .string, "Options of the mount, separated by commas"),
    ]

    var type = "", device = "", list = ""

    init() {}

    /// - Throws: EINVAL, in Docker's words where it has some.
    init(_ options: [String: String]) throws(DriverError) {
        for (name, value) in options {
            if value.utf8.contains(where: { $0 < 0x20 }) { throw DriverError(EINVAL, "option \"\(name)\" of a volume has a control character in it") }
            if value.isEmpty { continue }
            switch name {
            case "type": type = value
            case "device": device = value
            case "o": list = value
            default: throw DriverError(EINVAL, "invalid option: \"\(name)\"")
            }
        }
        try check()
    }

    private func check() throws(DriverError) {
        let parsed = try MountOptions(list)
        if type.isEmpty && device.isEmpty && list.isEmpty { return }
        if device.isEmpty { throw DriverError(EINVAL, "missing required option: \"device\"") }
        if type.isEmpty && !parsed.isBind { throw DriverError(EINVAL, "missing required option: \"type\"") }
        if parsed.isBind && !device.hasPrefix("/") { throw DriverError(EINVAL, "the device \"\(device)\" of a bind mount is not an absolute path") }
    }

    /// The data isn't in this driver's own folder.
    var isElsewhere: Bool { !device.isEmpty }

    /// - Parameter data: the volume's own folder.
    func mount(of name: String, data: String) throws(DriverError) -> Mount {
        guard isElsewhere else { return Mount(type: "bind", source: data, flags: MountOptions.bind | MountOptions.recursive) }
        let options = try MountOptions(list)
        if options.isBind {
            if access(device, F_OK) != 0 {
                throw DriverError(ENOENT, "failed to mount local volume: mount \(device):\(data), flags: 0x\(String(options.flags, radix: 16)): no such file or directory")
            }
            return Mount(type: "bind", source: device, flags: options.flags)
        }
        let isNetwork = type.hasPrefix("nfs") || type == "cifs"
        let text = isNetwork ? try NetworkAddress.resolve(options.data, of: name) : options.data
        return Mount(type: type, source: device, options: text, flags: options.flags)
    }
}
