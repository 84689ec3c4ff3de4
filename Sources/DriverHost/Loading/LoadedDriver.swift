public import DriverKit

/// A driver whose image is loaded, for good: an image is never unloaded.
public struct LoadedDriver: Sendable {
    public let description: DriverDescription
    // Constant memory of the image, which stays.
    nonisolated(unsafe) let factory: UnsafeMutableRawPointer?
    nonisolated(unsafe) let table: UnsafeRawPointer

    public var kind: DriverKind { description.kind }
    public var name: String { description.name }
    public var version: String { description.version }
    public var summary: String { description.summary }
    public var capabilities: DriverCapabilities { description.capabilities }
    public var path: String { description.path }
    public var options: [DriverOption] { description.options }
    public var objectOptions: [DriverOption] { description.objectOptions }
}
