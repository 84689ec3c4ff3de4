public import DriverKit

/// What a driver says of itself.
public struct DriverDescription: Sendable, Equatable {
    public var kind: DriverKind
    public var name, version: String
    /// One line for people.
    public var summary: String
    public var capabilities: DriverCapabilities
    /// Of its file; absolute.
    public var path: String
    /// Of an instance.
    public var options: [DriverOption]
    /// Of one network or volume.
    public var objectOptions: [DriverOption]

    /// Names the driver in a sentence: "the log driver json-file".
    public var subject: String { "the \(kind) driver \(name)" }
}

extension DriverDescription {
    /// What its place says, before it is loaded.
    init(_ found: FoundDriver) {
        self.init(kind: found.kind, name: found.name, version: found.version, summary: "", capabilities: .concurrent, path: found.path, options: [], objectOptions: [])
    }
}
