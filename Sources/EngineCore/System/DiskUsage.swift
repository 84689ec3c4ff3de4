/// What one storage driver holds.
public struct StorageUsage: Sendable, Equatable {
    public var driver: String
    /// Why it could not be asked, or "". Then the figures are zeros.
    public var reason = ""
    /// Bytes of each image layer's own files, by the snapshot's key.
    public var layers: [String: Int64] = [:]
    /// Bytes that each container wrote, by its id.
    public var containers: [String: Int64] = [:]
    /// Bytes of the driver's folder, as du(1) counts them: blocks that files share count for each of them.
    public var disk: Int64 = 0
    public var containerBytes: Int64 { containers.values.reduce(0, +) }
    public var layerBytes: Int64 { layers.values.reduce(0, +) }
    public init(driver: String) { self.driver = driver }
}

/// What lies on disk.
public struct DiskUsage: Sendable, Equatable {
    public var drivers: [StorageUsage]
    /// By the image's id: bytes of its layers that other images have too.
    public var shared: [String: Int64]
    /// Images' blobs.
    public var blobs = 0
    public var blobBytes: Int64 = 0
    /// Bytes of each volume that is measured, by its name.
    public var volumes: [String: Int64] = [:]
    /// Bytes of each container's own folder, with its log, by its id.
    public var logs: [String: Int64] = [:]
    /// Bytes of the data root, as du(1) counts them.
    public var total: Int64 = 0
    /// State, drivers, indexes and volumes' records.
    public var other: Int64 { max(0, total - drivers.reduce(0) { $0 + $1.disk } - blobBytes - volumes.values.reduce(0, +) - logs.values.reduce(0, +)) }

    public init(drivers: [StorageUsage], shared: [String: Int64]) {
        self.drivers = drivers
        self.shared = shared
    }
}
