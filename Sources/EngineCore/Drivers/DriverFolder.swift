import DriverHost
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem

/// Where drivers are installed: `<kind>-<name>/<version>/lib<kind>-<name>.so`. Only root may write to it. A version that
/// comes again after this process loaded it gets another folder, `<version>#2`: the old path would give the old image.
struct DriverFolder: Sendable {
    let path: String
    /// A driver of more bytes is none.
    private static let limit = 512 << 20

    init(path: String) {
        self.path = path
        // Of a daemon that was killed while a file came in or got its place.
        try? Files.removeTree("\(path)/.incoming")
        for name in (try? Files.list(path)) ?? [] where EngineFolders.isDriver(name) { rmdir("\(path)/\(name)") }
    }

    /// Writes a driver's file, as it comes in, into a folder of its own. - Returns: its path; see `discard`.
    func receive(_ file: String, _ source: any ByteSource) async throws -> String {
        guard file.hasPrefix("lib"), file.hasSuffix(".so"), !file.contains("/"), file.utf8.count < 200 else {
            throw EngineError(.invalidArgument, "the file's name is \"\(file)\"; a driver's file is called lib<kind>-<name>.so")
        }
        let folder = newAside(), target = "\(folder)/\(file)"
        do {
            try Files.makeDirectories(folder, mode: 0o755)
            let output = try Files.open(target, O_WRONLY | O_CREAT | O_EXCL, mode: 0o755), descriptor = output.raw
            var size = 0
            while let bytes = try await source.next() {
                size += bytes.count
                if size > Self.limit { throw EngineError(.payloadTooLarge, "the driver file \(file) has more than \(Self.limit >> 20) MiB") }
                try bytes.withUnsafeBytes { try Files.writeAll(descriptor, $0, target) }
            }
            try FailPoint.before("driver.receive.sync")
            try Errno.check("fsync \(target)", fsync(descriptor))
        } catch {
            discard(target)
            throw error
        }
        return target
    }

    func discard(_ file: String) { try? Files.removeTree(Self.folder(of: file)) }

    /// Gives an arrived file, with the folder that it lies in, its place, durably. - Returns: its path there.
    @discardableResult
    func keep(_ driver: ArrivedDriver) throws(EngineError) -> String {
        let file = "lib\(driver.kind)-\(driver.name).so"
        let place = newPlace(driver, file), arrived = Self.folder(of: driver.path)
        do throws(Errno) {
            try FailPoint.before("driver.keep.aside")
            try Errno.check("rename \(driver.path)", rename(driver.path, "\(arrived)/\(file)"))
            try Files.syncDirectory(arrived)
            // What lies there was left by a removal that did not end.
            try Files.removeTree(place)
            try Files.makeDirectories(folder(driver.kind, driver.name), mode: 0o755)
            try FailPoint.before("driver.keep")
            try Errno.check("rename \(arrived)", rename(arrived, place))
            try FailPoint.before("driver.keep.sync")
            for folder in [folder(driver.kind, driver.name), path] { try Files.syncDirectory(folder) }
            FailPoint.after("driver.keep.sync")
        } catch {
            forget("\(place)/\(file)")
            throw EngineError(.internal, "the \(driver.kind) driver \(driver.name) was not installed: \(error)", errno: error.code, underlying: error)
        }
        return "\(place)/\(file)"
    }

    private func newPlace(_ driver: ArrivedDriver, _ file: String) -> String {
        let first = "\(folder(driver.kind, driver.name))/\(driver.version)"
        var place = first, number = 1
        while Loader.hasLoaded("\(place)/\(file)") {
            number += 1
            place = "\(first)#\(number)"
        }
        return place
    }

    /// Removes the files of all versions: at once and durably, so that no older version comes back.
    func forget(_ kind: DriverKind, _ name: String) throws(EngineError) {
        let aside = newAside()
        do throws(Errno) {
            try Files.makeDirectories("\(path)/.incoming", mode: 0o755)
            try FailPoint.before("driver.forget")
            try Errno.check("rename \(folder(kind, name))", rename(folder(kind, name), aside))
            try FailPoint.before("driver.forget.sync")
            try Files.syncDirectory(path)
            FailPoint.after("driver.forget.sync")
        } catch {
            // What was refused is there as before; where the first rename failed, this one does too.
            rename(aside, folder(kind, name))
            throw EngineError(.internal, "the files of the \(kind) driver \(name) were not removed: \(error)", errno: error.code, underlying: error)
        }
        try? Files.removeTree(aside)
    }

    /// Removes the version whose file is at `path`. Aside first, which needs no descriptor: what was refused must not be
    /// found by the next daemon.
    func forget(_ path: String) {
        let place = Self.folder(of: path), aside = newAside()
        mkdir("\(self.path)/.incoming", 0o755)
        try? Files.removeTree(rename(place, aside) == 0 ? aside : place)
        // Empty now, or it stays.
        rmdir(Self.folder(of: place))
    }

    private func newAside() -> String { "\(path)/.incoming/\(Identifier.random().prefix(16))" }
    private static func folder(of file: String) -> String { String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]) }
    private func folder(_ kind: DriverKind, _ name: String) -> String { "\(path)/\(kind)-\(name)" }
}
