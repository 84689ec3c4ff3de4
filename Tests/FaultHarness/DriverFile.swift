import LinuxSystem

/// One version of the driver that comes and goes while the harness works.
public struct DriverFile: Sendable {
    /// Of the kind "volume".
    static let name = "faulty"

    var version: String
    var path: String

    /// FOLDER/VERSION/libvolume-faulty.so, for each version.
    public static func all(in folder: String) -> [DriverFile] {
        ((try? Files.list(folder)) ?? []).sorted().map { DriverFile(version: $0, path: "\(folder)/\($0)/libvolume-\(name).so") }.filter { Files.exists($0.path) }
    }
}
