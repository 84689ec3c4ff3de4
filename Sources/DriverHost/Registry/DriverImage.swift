import DriverKit
import EngineErrors

/// One version of a driver, ready to have instances: in this process, or each in a process of its own.
struct DriverImage: Sendable {
    private enum Place {
        case here(LoadedDriver)
        case outside(HostLaunch)
    }

    let description: DriverDescription
    private let place: Place

    init(_ driver: LoadedDriver) {
        description = driver.description
        place = .here(driver)
    }

    /// Asks a process of the driver's own what it is. Blocks.
    init(isolated launch: HostLaunch) throws(EngineError) {
        description = try launch.describe()
        place = .outside(launch)
    }

    var isIsolated: Bool {
        if case .outside = place { return true }
        return false
    }

    /// An instance, and how calls in it are ended.
    struct Opened<Instance: Sendable>: Sendable {
        var instance: Instance
        var ending: InstanceCalls.Ending
    }

    // Each blocks.

    func storage(_ context: OpenContext, _ crashed: @escaping HostedInstance.Crashed) throws(EngineError) -> Opened<any StorageDriver & Sendable> {
        try open(context, crashed, { HostedStorageDriver($0) }) { driver throws(EngineError) in try LoadedStorageDriver(driver, context) }
    }

    func network(_ context: OpenContext, _ crashed: @escaping HostedInstance.Crashed) throws(EngineError) -> Opened<any NetworkDriver & Sendable> {
        try open(context, crashed, { HostedNetworkDriver($0) }) { driver throws(EngineError) in try LoadedNetworkDriver(driver, context) }
    }

    func volume(_ context: OpenContext, _ crashed: @escaping HostedInstance.Crashed) throws(EngineError) -> Opened<any VolumeDriver & Sendable> {
        try open(context, crashed, { HostedVolumeDriver($0) }) { driver throws(EngineError) in try LoadedVolumeDriver(driver, context) }
    }

    func log(_ context: OpenContext, _ crashed: @escaping HostedInstance.Crashed) throws(EngineError) -> Opened<any LogDriver & Sendable> {
        try open(context, crashed, { HostedLogDriver($0) }) { driver throws(EngineError) in try LoadedLogDriver(driver, context) }
    }

    private func open<Instance: Sendable>(
        _ context: OpenContext, _ crashed: @escaping HostedInstance.Crashed, _ outside: (HostedInstance) -> Instance,
        _ here: (LoadedDriver) throws(EngineError) -> Instance
    ) throws(EngineError) -> Opened<Instance> {
        switch place {
        case .here(let driver):
            let instance = try here(driver)
            return Opened(instance: instance, ending: InstanceCalls.Ending(cancel: { (instance as? any DriverInstance)?.cancel() }))
        case .outside(let launch):
            let hosted: HostedInstance
            do { hosted = try HostedInstance(description.subject, launch, context, crashed) } catch {
                throw EngineError.wrapping(error, of: description)
            }
            return Opened(instance: outside(hosted), ending: InstanceCalls.Ending(cancel: hosted.cancel, abandon: hosted.abandon))
        }
    }
}
