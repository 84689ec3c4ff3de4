public import DriverKit

/// `MS_*` of mount(2).
public enum MountFlag {
    public static let readOnly: UInt64 = 1
    public static let bind: UInt64 = 4096
}

extension Mount {
    /// The folder `source` of the state directory `base` as it is.
    public static func bound(_ source: String, base: String, readOnly: Bool) -> Mount {
        Mount(type: "bind", source: source, base: base, flags: MountFlag.bind | (readOnly ? MountFlag.readOnly : 0))
    }
}
