import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Logging
import StateStore

extension NetworkCatalog: Reconciled {
    /// At boot: sets every network up, and learns which of them, and of the endpoints, their drivers list. What fails is
    /// written to the log.
    public func setUp() async {
        for network in await listNetworks() {
            do throws(EngineError) { try await makeReady(network) } catch {
                logger.error("a network can't be set up", metadata: ["network": "\(network.name)", "error": "\(error)"])
            }
        }
        for driver in Set(networks.values.map(\.driver)) {
            for object in await objects(driver) ?? [] { note(object) }
        }
    }

    private func note(_ object: NetworkObject) {
        switch object.kind {
        case .network: if networks[object.id] != nil { listed.insert(object.id) }
        case .endpoint: leases[object.id]?.isListed = true
        }
    }

    /// nil: the driver can't say.
    func objects(_ driver: String) async -> [NetworkObject]? { try? await registry.network(driver).walk() }

    func discrepancies(deep: Bool) async -> [Discrepancy] {
        var found: [Discrepancy] = []
        for driver in Set(networks.values.map(\.driver)).sorted() { found += await discrepancies(of: driver) }
        return found
    }

    private func discrepancies(of driver: String) async -> [Discrepancy] {
        let readyBefore = ready, networksBefore = Set(networks.keys), endpointsBefore = Set(leases.keys)
        let objects: [NetworkObject], setAside: SetAside
        do throws(EngineError) {
            objects = try await registry.network(driver).walk()
            setAside = try await BlockingCalls.run { [store] in try SetAside(store) }
        } catch {
            return [Discrepancy(.driver, "network/\(driver)", "its networks could not be looked at: \(error)")]
        }
        let present = Set(objects.filter(\.isWhole).map(\.id)), owned = networksBefore.union(networks.keys).union(endpointsBefore).union(leases.keys)
        let missing = networks.values.filter { network in
            network.driver == driver && readyBefore.contains(network.id) && ready.contains(network.id) && listed.contains(network.id) && !present.contains(network.id)
        }
        return objects.filter { !owned.contains($0.id) }.map { stray($0, driver, setAside) }
            + missing.sorted { $0.name < $1.name }.map { network in
                Discrepancy(.network, network.name, "a part of it was taken away from the host", .restore) { [self] () async throws(EngineError) in try await setUpAgain(network.id) }
            }
    }

    /// Of what the records that were set aside own. An endpoint does not say whose it is.
    private struct SetAside {
        var isStateLost: Bool
        var networks: Set<String>, mayHaveEndpoints: Bool

        init(_ store: StateStore) throws(EngineError) {
            let records = try store.setAsideRecords()
            isStateLost = !store.setAsideDatabases.isEmpty
            networks = Set(records.filter { $0.kind == NetworkSnapshot.kind }.map(\.id))
            mayHaveEndpoints = !networks.isEmpty || records.contains { $0.kind == ContainerSnapshot.kind }
        }

        func mayOwn(_ object: NetworkObject) -> Bool { isStateLost || (object.kind == .network ? networks.contains(object.id) : mayHaveEndpoints) }
    }

    private func stray(_ object: NetworkObject, _ driver: String, _ setAside: SetAside) -> Discrepancy {
        let kind: Finding.Kind = object.kind == .network ? .network : .endpoint
        if setAside.mayOwn(object) { return Discrepancy(kind, object.id, "of the driver \(driver), and has no record; it is kept for as long as the record or database that was set aside lies there") }
        return Discrepancy(kind, object.id, "of the driver \(driver), and has no \(kind == .network ? "record" : "container")", .remove) { [self] () async throws(EngineError) in
            try await removeStray(object, driver)
        }
    }

    private func removeStray(_ object: NetworkObject, _ driver: String) async throws(EngineError) {
        let instance = try await registry.network(driver)
        switch object.kind {
        case .endpoint: if leases[object.id] == nil { try await instance.leave(network: "", endpoint: object.id) }
        case .network: if networks[object.id] == nil { try await instance.removeNetwork(object.id) }
        }
    }

    private func setUpAgain(_ id: String) async throws(EngineError) {
        guard let network = networks[id] else { return }
        ready.remove(id)
        try await makeReady(network)
    }

    // MARK: for the containers

    /// Endpoints that their driver listed and lists no longer, or not as a whole.
    func missingEndpoints() async -> Set<String> {
        let before = leases.filter(\.value.isListed)
        var present: Set<String> = []
        for driver in Set(before.values.compactMap { networks[$0.network]?.driver }) {
            guard let objects = await objects(driver) else { return [] }
            present.formUnion(objects.filter(\.isWhole).map(\.id))
        }
        return Set(before.keys.filter { !present.contains($0) && leases[$0] != nil })
    }

    func leaseHolders() -> [String: String] { leases.mapValues(\.container) }

    func dropLease(_ endpoint: String, of container: String) {
        if leases[endpoint]?.container == container { drop(endpoint) }
    }

    /// Makes the container's interface again, as it was.
    func rejoin(_ endpoint: EndpointSnapshot, container: String, netns: Int32) async throws(EngineError) {
        guard let network = networks[endpoint.networkID] else { throw NetworkFailure.missing(endpoint.networkName) }
        let instance = try await registry.network(network.driver)
        try await instance.leave(network: network.id, endpoint: endpoint.endpointID)
        _ = try await instance.join(EndpointSpecification(endpoint, container: container, isInternal: network.isInternal), netns: netns)
    }
}
