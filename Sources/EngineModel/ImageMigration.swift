/// An image that is on its way to another storage driver. Stored until it is there, so that the next daemon goes on.
public struct ImageMigration: Codable, Sendable, Equatable {
    /// "sha256:…".
    public var image: String
    public var driver: String
    public init(image: String, driver: String) {
        self.image = image
        self.driver = driver
    }
}
