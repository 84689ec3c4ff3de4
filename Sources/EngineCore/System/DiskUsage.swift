/// What one storage driver holds.
public struct StorageUsage: Sendable, Equatable {
    public var driver: String
    /// Why it could not be asked, or "". Then the figures are zeros.
    public var reason = ""
    /// Bytes of each image layer's own files, by the snapshot's key.
    public var layers: [String: Int64] = [:]
    /// Bytes that each container wrote, by its id.
    public var containers: [String: Int64] = [:]
    public var containerBytes: Int64 { containers.values.reduce(0, +) }
    public var layerBytes: Int64 { layers.values.reduce(0, +) }
    public init(driver: String) { self.driver = driver }
}

/// What the storage drivers hold.
public struct DiskUsage: Sendable, Equatable {
    public var drivers: [StorageUsage]
    /// By the image's id: bytes of its layers that other images have too.
    public var shared: [String: Int64]
    public init(drivers: [StorageUsage], shared: [String: Int64]) {
        self.drivers = drivers
        self.shared = shared
    }
}
