import CDriverABI
import DriverKit
import Glibc

/// The mounts that a function gives to its sink.
func collectMounts(
    _ call: (@escaping gantry_mount_sink, UnsafeMutableRawPointer, UnsafeMutablePointer<gantry_error>) -> Int32
) throws(DriverError) -> [Mount] {
    var mounts: [Mount] = []
    let failure: DriverError? = withUnsafeMutablePointer(to: &mounts) { list in
        do throws(DriverError) {
            try check { call({ collect($0, $1, $2) { Mount($0) } }, UnsafeMutableRawPointer(list), $0) }
            return nil
        } catch { return error }
    }
    if let failure { throw failure }
    return try MountAnswer.plausible(mounts)
}

/// What a driver answers is not believed before it has been looked at: it goes to mount(2), as root.
enum MountAnswer {
    /// - Throws: `DriverError` with what is wrong with the first of them that can't be.
    static func plausible(_ mounts: [Mount]) throws(DriverError) -> [Mount] {
        guard !mounts.isEmpty else { throw DriverError(EIO, "its answer holds no mount") }
        for mount in mounts {
            if let fault = fault(mount) { throw DriverError(EIO, "its answer holds a mount that can't be: \(fault)") }
        }
        return mounts
    }

    private static func fault(_ mount: Mount) -> String? {
        if mount.type.isEmpty || !mount.type.utf8.allSatisfy(isNameByte) { return "the type is \(printable(mount.type))" }
        if !mount.base.isEmpty && !mount.base.hasPrefix("/") { return "the base \(printable(mount.base)) is not absolute" }
        if !mount.target.isEmpty && !mount.target.hasPrefix("/") || mount.target.split(separator: "/").contains("..") { return "the target is \(printable(mount.target))" }
        if mount.flags & bind != 0, mount.base.isEmpty, !mount.source.hasPrefix("/") { return "the source \(printable(mount.source)) is not absolute" }
        if mount.flags >> 32 != 0 { return "the flags are \(mount.flags)" }
        return nil
    }

    /// MS_BIND.
    private static let bind: UInt64 = 4096

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
    }

    private static func printable(_ text: String) -> String { "\"" + text.prefix(60).map { $0.isASCII && $0 >= " " ? "\($0)" : "?" }.joined() + "\"" }
}

extension Usage {
    /// - Throws: `DriverError` when it is less than nothing.
    func plausible() throws(DriverError) -> Usage {
        guard bytes >= 0, inodes >= -1 else { throw DriverError(EIO, "its answer is a size of \(bytes) bytes in \(inodes) files") }
        return self
    }
}
