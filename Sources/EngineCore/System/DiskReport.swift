import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem

/// What lies in the data root.
struct DiskReport {
    let registry: DriverRegistry
    let dataRoot: String

    func make(_ images: [ImageSnapshot], _ volumes: [VolumeSnapshot]) async -> DiskUsage {
        var drivers = await StorageReport.make(registry)
        for index in drivers.indices { drivers[index].disk = await size("storage/\(drivers[index].driver)") }
        var usage = DiskUsage(drivers: drivers, shared: StorageReport.shared(images, drivers))
        usage.blobs = (try? Files.list("\(dataRoot)/content/blobs/sha256").count) ?? 0
        usage.blobBytes = await size("content/blobs/sha256")
        for volume in volumes { usage.volumes[volume.name] = try? await registry.volume(volume.driver).usage(volume.name).bytes }
        for id in (try? Files.list("\(dataRoot)/containers")) ?? [] where Identifier.isFull(id) { usage.logs[id] = await size("containers/\(id)") }
        usage.total = await size("")
        return usage
    }

    private func size(_ folder: String) async -> Int64 {
        (try? await BlockingCalls.run { [dataRoot] in try FolderSize.measure("\(dataRoot)/\(folder)", oneDevice: false).bytes }) ?? 0
    }
}
