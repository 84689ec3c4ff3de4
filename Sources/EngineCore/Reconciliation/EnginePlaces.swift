import LinuxSystem

/// The folders that the engine calls its own.
public struct EnginePlaces: Sendable {
    public var dataRoot, execRoot: String
    /// Drivers by their kind, whose folders lie below the data root.
    public var drivers: @Sendable () -> Set<String>

    /// - Parameter drivers: "storage/overlayfs" and so on.
    public init(dataRoot: String, execRoot: String, drivers: @escaping @Sendable () -> Set<String>) {
        self.dataRoot = dataRoot
        self.execRoot = execRoot
        self.drivers = drivers
    }

    /// It is not the first time that an engine has this data root: this folder is made when the state is open.
    public static func isUsed(_ dataRoot: String) -> Bool { Files.exists("\(dataRoot)/content") }
}
