import DriverHost
import DriverKit

/// Every call of a kind once, in the usual order; at its end there is what was there before.
enum Cycle {
    /// - Parameter number: makes the names of this cycle.
    static func run(_ bench: Bench, _ instance: any DriverInstance, _ number: Int) throws {
        switch instance {
        case let log as LoadedLogDriver: try LogSuite.cycle(bench, log, number)
        case let storage as LoadedStorageDriver: try StorageSuite.cycle(bench, storage, number)
        case let volumes as LoadedVolumeDriver: try VolumeSuite.cycle(bench, volumes, number)
        case let network as LoadedNetworkDriver: try NetworkSuite.cycle(bench, network, number)
        default: break
        }
    }
}
