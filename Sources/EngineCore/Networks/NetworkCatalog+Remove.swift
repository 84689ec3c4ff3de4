import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Logging
import StateStore

extension NetworkCatalog {
    public func removeNetwork(_ reference: String) async throws {
        let network = try find(reference)
        if PredefinedNetworks.contains(network.name) { throw NetworkFailure.predefined(network.name) }
        let users = leases.values.filter { $0.network == network.id }.map(\.container)
        if !users.isEmpty { throw NetworkFailure.active(network, await names(of: users)) }
        // Out of the table first: from now on no container gets into it.
        let pool = pools[network.id]
        forget(network.id)
        do {
            try await registry.network(network.driver).removeNetwork(network.id)
            try await store.remove(NetworkSnapshot.self, network.id)
        } catch {
            networks[network.id] = network
            pools[network.id] = pool
            throw error
        }
        announce("destroy", network)
    }

    /// Names of containers by their ids.
    func names(of ids: [String]) async -> [String] {
        let all = await containers()
        return ids.map { id in all.first { $0.id == id }?.name ?? String(id.prefix(12)) }
    }

    /// At boot: sets every network up, and removes kernel objects of ours that belong to no network and to no
    /// endpoint in `live`. What fails is written to the log.
    public func reconcile(live: Set<String>) async {
        for network in await listNetworks() {
            do throws(EngineError) { try await makeReady(network) } catch {
                logger.error("a network can't be set up", metadata: ["network": "\(network.name)", "error": "\(error)"])
            }
        }
        for driver in Set(networks.values.map(\.driver)) {
            do throws(EngineError) { try await sweep(driver, live) } catch {
                logger.warning("leftovers of a network driver were not removed", metadata: ["driver": "\(driver)", "error": "\(error)"])
            }
        }
    }

    private func sweep(_ driver: String, _ live: Set<String>) async throws(EngineError) {
        let instance = try await registry.network(driver)
        let objects = try await instance.walk()
        for object in objects where object.kind == .endpoint && !live.contains(object.id) && leases[object.id] == nil {
            logger.info("removing an endpoint without a container", metadata: ["endpoint": "\(object.id)"])
            try await instance.leave(network: "", endpoint: object.id)
        }
        for object in objects where object.kind == .network && networks[object.id] == nil {
            logger.info("removing a network without a record", metadata: ["network": "\(object.id)"])
            try await instance.removeNetwork(object.id)
        }
    }
}
