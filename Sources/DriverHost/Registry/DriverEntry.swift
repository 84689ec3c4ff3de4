import DriverKit
import EngineErrors

/// One driver that was found: its image, and the daemon's instance of it.
final class DriverEntry: Sendable {
    let found: FoundDriver
    let counters = CallCounters()
    let image = SharedResult<LoadedDriver>()
    let storage = SharedResult<StorageInstance>()
    let network = SharedResult<NetworkInstance>()
    let volume = SharedResult<VolumeInstance>()

    init(_ found: FoundDriver) { self.found = found }

    func status(isDefault: Bool) -> DriverStatus {
        let counters = counters.values
        let image = image.ready
        return DriverStatus(
            kind: found.kind, name: found.name, version: image?.version ?? found.version, path: found.path, state: state,
            isDefault: isDefault, summary: image?.summary ?? "", capabilities: image?.capabilities.names(of: found.kind) ?? [],
            options: image?.options ?? [], objectOptions: image?.objectOptions ?? [], calls: counters.calls, errors: counters.errors,
            time: counters.time)
    }

    private var state: DriverStatus.State {
        if counters.values.hanging > 0 { return .wedged }
        if let why = image.failure ?? storage.failure ?? network.failure ?? volume.failure { return .failed(why) }
        return image.ready == nil ? .found : .loaded
    }
}
