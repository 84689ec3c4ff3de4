public import DriverKit
import Glibc

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(host, error, .volume("@NAME@", version: "0.1.0", summary: "Folders", capabilities: [.concurrent], Folders.init))
}

/// A volume is a folder in the state folder.
final class Folders: VolumeDriver, Sendable {
    private let state: String

    init(_ context: OpenContext) throws {
        guard context.options.isEmpty else { throw DriverError(EINVAL, "@NAME@ has no options") }
        state = context.stateDirectory
    }

    private func path(_ name: String) -> String { "\(state)/\(name)" }

    private func failure(_ name: String, _ code: Int32 = errno) -> DriverError { DriverError(code, "volume \(name): \(String(cString: strerror(code)))") }

    /// A name is one of a folder: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, so that none leads elsewhere.
    private static func isName(_ name: String) -> Bool {
        let isWell = name.utf8.allSatisfy { isalnum(Int32($0)) != 0 || "_.-".utf8.contains($0) }
        return isWell && (1...255).contains(name.utf8.count) && isalnum(Int32(name.utf8.first ?? 0)) != 0
    }

    func create(_ name: String, options: [String: String]) throws {
        guard Self.isName(name) else { throw failure("\"\(name)\"", EINVAL) }
        if mkdir(path(name), 0o755) != 0 { throw failure(name) }
    }

    func remove(_ name: String) throws {
        guard Self.isName(name) else { throw failure("\"\(name)\"", ENOENT) }
        if access(path(name), F_OK) != 0 { throw failure(name) }
        try Self.clear(path(name)) { throw failure(name) }
        if rmdir(path(name)) != 0 { throw failure(name) }
    }

    /// Removes what is in a folder, deepest first.
    private static func clear(_ folder: String, _ failed: () throws -> Void) throws {
        guard let entries = opendir(folder) else { return try failed() }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name == "." || name == ".." { continue }
            let path = "\(folder)/\(name)"
            if unlink(path) == 0 { continue }
            try clear(path, failed)
            if rmdir(path) != 0 { try failed() }
        }
    }

    /// The engine mounts what is told here, in the container's own mount namespace.
    func mount(_ name: String, user: String) throws -> [Mount] {
        guard Self.isName(name) else { throw failure("\"\(name)\"", ENOENT) }
        if access(path(name), F_OK) != 0 { throw failure(name) }
        return [Mount(type: "none", source: path(name), flags: 4096 /* MS_BIND */)]
    }

    func unmount(_ name: String, user: String) throws {}

    func usage(_ name: String) throws -> Usage { throw DriverError(ENOTSUP, "volumes of @NAME@ are not measured") }

    func walk(_ body: (Volume) -> Bool) throws {
        guard let entries = opendir(state) else { throw failure(state) }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            var status = stat()
            if name.hasPrefix(".") || lstat(path(name), &status) != 0 { continue }
            let created = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
            if !body(Volume(name: name, mountpoint: path(name), created: created)) { return }
        }
    }
}
