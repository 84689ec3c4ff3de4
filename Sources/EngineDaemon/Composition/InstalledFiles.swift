import Glibc
import LinuxSystem

/// Where the other files of this release lie, starting from our own executable: beside it in a build folder, below
/// `../lib/gantry` once installed.
struct InstalledFiles: Sendable {
    /// The folder of this executable, symlinks resolved.
    let folder: String

    init() {
        let path = Self.resolved("/proc/self/exe")
        folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    init(folder: String) { self.folder = folder }

    private static let kinds = ["storage", "network", "log", "volume"]

    /// A build folder has its drivers beside the executables, and nothing protects it.
    var isBuildFolder: Bool {
        let names = (try? Files.list(folder)) ?? []
        return names.contains { name in name.hasSuffix(".so") && Self.kinds.contains { name.hasPrefix("lib\($0)-") } }
    }

    var driverFolders: [String] {
        (isBuildFolder ? [folder] : []) + ["\(folder)/../lib/gantry/drivers", "/usr/lib/gantry/drivers"].map(Self.resolved).distinct
    }

    /// An executable of this release that nobody calls by hand.
    func executable(_ name: String) -> String? {
        let places = ["\(folder)/\(name)", "\(folder)/../lib/gantry/\(name)", "/usr/lib/gantry/\(name)"]
        return places.first { (path: String) in access(path, X_OK) == 0 }.map(Self.resolved)
    }

    /// Without symlinks and `..`; what does not exist stays as it is.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}

extension [String] {
    /// Each once, in the same order.
    fileprivate var distinct: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
