import DriverHost
import EngineCore
import EngineModel

/// What a driver holds, in words.
enum DriverUsers {
    static func find(
        _ containers: ContainerCatalog, _ images: ImageCatalog, _ networks: NetworkCatalog, _ volumes: VolumeCatalog
    ) -> DriverCatalog.Users {
        { kind, name in
            switch kind {
            case .storage:
                await containers.list().filter { $0.storageDriver == name }.map { "container \($0.name)" }
                    + ((try? await images.listImages()) ?? []).filter { $0.storageDrivers.contains(name) }.map { "image \($0.tags.first ?? $0.id)" }
            case .network: await networks.listNetworks().filter { $0.driver == name }.map { "network \($0.name)" }
            case .log: await containers.list().filter { $0.host.logDriver == name }.map { "container \($0.name)" }
            case .volume: ((try? await volumes.listVolumes()) ?? []).filter { $0.driver == name }.map { "volume \($0.name)" }
            }
        }
    }
}
