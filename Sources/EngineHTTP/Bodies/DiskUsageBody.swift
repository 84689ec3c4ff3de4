import EngineCore
import EngineModel
import EngineWire

/// `system df` in Docker's words, and what each storage driver holds in ours.
enum DiskUsageBody {
    static func make(images: [ImageSnapshot], containers: [ContainerSnapshot], volumes: [VolumeSnapshot], usage: DiskUsage, now: Int64) -> JSONValue {
        let sizes = sizes(containers, images, usage)
        let users = Dictionary(grouping: containers, by: \.imageID).mapValues(\.count)
        return [
            "LayersSize": .integer(usage.drivers.reduce(0) { $0 + $1.layerBytes }),
            "Images": .array(images.map { ImageBody.listItem($0, containers: users[$0.id] ?? 0, shared: usage.shared[$0.id] ?? 0) }),
            "Containers": .array(containers.map { item($0, now, sizes[$0.id], usage) }),
            "Volumes": .array(volumes.map { volume($0, containers, usage) }), "BuildCache": [], "Blobs": ["Count": .integer(Int64(usage.blobs)), "Size": .integer(usage.blobBytes)],
            "DataRoot": ["Size": .integer(usage.total), "Other": .integer(usage.other)],
            "StorageDrivers": .array(usage.drivers.map { driver($0, images) }),
        ]
    }

    /// Of the containers whose driver could be asked.
    private static func sizes(_ containers: [ContainerSnapshot], _ images: [ImageSnapshot], _ usage: DiskUsage) -> [String: ContainerSize] {
        let images = Dictionary(images.map { ($0.id, $0.size) }) { first, _ in first }
        let drivers = Dictionary(usage.drivers.map { ($0.driver, $0.containers) }) { first, _ in first }
        return containers.reduce(into: [:]) { sizes, container in
            guard let written = drivers[container.storageDriver]?[container.id] else { return }
            sizes[container.id] = ContainerSize(written: written, whole: written + (images[container.imageID] ?? 0))
        }
    }

    private static func item(_ container: ContainerSnapshot, _ now: Int64, _ size: ContainerSize?, _ usage: DiskUsage) -> JSONValue {
        var body = ContainerBody.listItem(container, now: now, size: size)
        body["SizeLog"] = .integer(usage.logs[container.id] ?? 0)
        body["StorageDriver"] = .string(container.storageDriver)
        return body
    }

    private static func volume(_ volume: VolumeSnapshot, _ containers: [ContainerSnapshot], _ usage: DiskUsage) -> JSONValue {
        [
            "Name": .string(volume.name), "Driver": .string(volume.driver), "Mountpoint": .string(volume.mountpoint), "Scope": "local", "Labels": nil, "Options": nil,
            "UsageData": ["Size": .integer(usage.volumes[volume.name] ?? -1), "RefCount": .integer(Int64(containers.count { $0.mounts.contains { $0.name == volume.name } }))],
        ]
    }

    private static func driver(_ usage: StorageUsage, _ images: [ImageSnapshot]) -> JSONValue {
        [
            "Name": .string(usage.driver), "Error": .string(usage.reason), "Images": .integer(Int64(images.count { $0.storageDrivers.contains(usage.driver) })),
            "Layers": .integer(Int64(usage.layers.count)), "LayersSize": .integer(usage.layerBytes), "Containers": .integer(Int64(usage.containers.count)),
            "ContainersSize": .integer(usage.containerBytes), "Size": .integer(usage.disk),
        ]
    }
}
