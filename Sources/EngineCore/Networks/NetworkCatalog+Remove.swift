import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem
import Logging
import StateStore

extension NetworkCatalog {
    public func removeNetwork(_ reference: String) async throws {
        let network = try find(reference)
        if PredefinedNetworks.contains(network.name) { throw NetworkFailure.predefined(network.name) }
        try await step("remove", network) {
            // Somebody may have removed it meanwhile.
            guard networks[network.id] != nil else { throw NetworkFailure.missing(reference) }
            try await remove(network)
        }
    }

    private func remove(_ network: NetworkSnapshot) async throws {
        let users = leases.values.filter { $0.network == network.id }.map(\.container)
        if !users.isEmpty { throw NetworkFailure.active(network, await names(of: users)) }
        // Out of the table first: from now on no container gets into it.
        let pool = pools[network.id]
        forget(network.id)
        departing[network.id] = network
        defer { departing[network.id] = nil }
        do {
            try await registry.network(network.driver).removeNetwork(network.id)
            FailPoint.after("network.remove.driver")
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
}
