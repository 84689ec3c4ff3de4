import DriverKit
import Glibc
import LinuxSystem
import Synchronization

/// Volumes as folders: `<state directory>/<name>/_data`, with `volume` beside it for what was asked for. A volume with
/// the options `type` and `device` stands for a file system that is mounted instead.
///
/// A volume appears and disappears by one rename, so calls may be concurrent and a crash leaves nothing half made.
final class LocalVolumes: VolumeDriver {
    private let root: String
    private let counter = Atomic(0)
    /// Grows with each `cancel`: calls that began before stop.
    private let cancellations = Atomic(0)

    init(_ context: OpenContext) throws {
        root = context.stateDirectory
        for name in try failing("list the volumes", { () throws(Errno) in try Files.list(root) }) where name.hasPrefix(".gone-") || name.hasPrefix(".new-") {
            removeAside(name)
        }
    }

    func create(_ name: String, options: [String: String]) throws {
        try VolumeName.check(name)
        let options = try LocalOptions(options)
        if Files.exists(path(name)) { throw exists(name) }
        let aside = asideName("new")
        var isThere = false
        do throws(Errno) {
            try Files.makeDirectory("\(root)/\(aside)", mode: 0o701)
            try FailPoint.before("local-volume.data")
            try makeData("\(root)/\(aside)/_data")
            try Files.replace("\(root)/\(aside)/volume", with: VolumeRecord(created: now(), options: options).bytes, mode: 0o600, durable: true)
            try FailPoint.before("local-volume.create")
            try Errno.check("rename \(path(name))", rename("\(root)/\(aside)", path(name)))
            isThere = true
            try FailPoint.before("local-volume.create.sync")
            try Files.syncDirectory(root)
            FailPoint.after("local-volume.create.sync")
        } catch {
            // What was refused must not be there afterwards.
            if isThere { rename(path(name), "\(root)/\(aside)") }
            removeAside(aside)
            if error.code == ENOTEMPTY || error.code == EEXIST { throw exists(name) }
            throw DriverError(error.code, "volume \(name) can't be made: \(error)")
        }
    }

    func remove(_ name: String) throws {
        _ = try record(name)
        let aside = asideName("gone")
        do throws(Errno) {
            try FailPoint.before("local-volume.remove")
            try Errno.check("rename \(path(name))", rename(path(name), "\(root)/\(aside)"))
            try FailPoint.before("local-volume.remove.sync")
            try Files.syncDirectory(root)
            FailPoint.after("local-volume.remove.sync")
        } catch {
            // What was refused is there as before; where the first rename failed, this one does too.
            rename("\(root)/\(aside)", path(name))
            throw DriverError(error.code, "volume \(name) can't be removed: \(error)")
        }
        removeAside(aside)
    }

    func mount(_ name: String, user: String) throws -> [Mount] {
        [try record(name).options.mount(of: name, data: data(name))]
    }

    /// The engine mounts in the container's own namespace: there is nothing to undo here.
    func unmount(_ name: String, user: String) throws {}

    func usage(_ name: String) throws -> Usage {
        if try record(name).options.isElsewhere {
            throw DriverError(ENOTSUP, "volume \(name) is kept by \(try record(name).options.device), which is not measured")
        }
        let start = cancellations.load(ordering: .relaxed)
        let size = try failing("measure volume \(name)") { () throws(Errno) in
            try FolderSize.measure(data(name), oneDevice: true) { self.cancellations.load(ordering: .relaxed) != start }
        }
        return Usage(bytes: size.bytes, inodes: size.inodes)
    }

    func walk(_ body: (Volume) -> Bool) throws {
        let names = try failing("list the volumes") { () throws(Errno) in try Files.list(root) }
        for name in names.sorted() where VolumeName.isValid(name) {
            guard let record = try? record(name) else { continue }
            if !body(Volume(name: name, mountpoint: data(name), created: record.created)) { return }
        }
    }

    func cancel() { cancellations.add(1, ordering: .relaxed) }

    private func path(_ name: String) -> String { "\(root)/\(name)" }
    private func data(_ name: String) -> String { "\(root)/\(name)/_data" }

    /// ENOENT: no such volume. A folder that has `_data` and no record was put there by hand and is a plain volume.
    private func record(_ name: String) throws(DriverError) -> VolumeRecord {
        try VolumeName.check(name)
        var status = stat()
        guard lstat(data(name), &status) == 0 else { throw DriverError(ENOENT, "get \(name): no such volume") }
        let bytes: [UInt8]
        do throws(Errno) { bytes = try Files.read("\(path(name))/volume") } catch {
            if error.code == ENOENT { return VolumeRecord(created: Int64(status.st_ctim.tv_sec) * 1_000_000_000, options: LocalOptions()) }
            throw DriverError(error.code, "the record of volume \(name) can't be read: \(error)")
        }
        guard let record = VolumeRecord(bytes) else {
            throw DriverError(EIO, "the record of volume \(name), \(path(name))/volume, can't be understood")
        }
        return record
    }

    /// 0755 whatever the process's mask is: containers run as other users.
    private func makeData(_ path: String) throws(Errno) {
        try Files.makeDirectory(path, mode: 0o755)
        try Errno.check("chmod \(path)", chmod(path, 0o755))
    }

    private func asideName(_ what: String) -> String { ".\(what)-\(getpid())-\(counter.add(1, ordering: .relaxed).newValue)" }

    /// What can't be removed now is tried again when the driver is opened the next time.
    private func removeAside(_ name: String) {
        do throws(Errno) { try Files.removeTree("\(root)/\(name)") } catch {
            Driver.log(.warning, "the files of a removed volume are still in \(root)/\(name): \(error)")
        }
    }

    private func exists(_ name: String) -> DriverError { DriverError(EEXIST, "a volume named \(name) already exists") }

    private func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Runs `body`; its errno becomes a driver's error.
func failing<R>(_ action: String, _ body: () throws(Errno) -> R) throws(DriverError) -> R {
    do throws(Errno) { return try body() } catch { throw DriverError(error.code, "could not \(action): \(error)") }
}

enum VolumeName {
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= 255 else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    static func check(_ name: String) throws(DriverError) {
        if isValid(name) { return }
        throw DriverError(
            EINVAL,
            "\"\(name)\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
