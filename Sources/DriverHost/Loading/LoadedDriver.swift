public import DriverKit

/// A driver whose image is loaded, for good: an image is never unloaded.
public struct LoadedDriver: Sendable {
    public let kind: DriverKind
    public let name, version: String
    /// One line for people.
    public let summary: String
    public let capabilities: DriverCapabilities
    /// Of its file; absolute.
    public let path: String
    /// Of an instance.
    public let options: [DriverOption]
    /// Of one network or volume.
    public let objectOptions: [DriverOption]
    // Constant memory of the image, which stays.
    nonisolated(unsafe) let factory: UnsafeMutableRawPointer?
    nonisolated(unsafe) let table: UnsafeRawPointer
}
