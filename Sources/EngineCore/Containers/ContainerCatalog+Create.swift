import ContentStore
import DriverHost
import DriverKit
import EngineErrors
public import EngineModel
import Glibc
import LinuxSystem
import StateStore

extension ContainerCatalog {
    public func create(
        name: String?, _ configuration: ContainerConfiguration, _ host: HostConfiguration, _ networking: NetworkingRequest
    ) async throws -> (id: String, warnings: [String]) {
        try await times.measure(.create) { try await make(name: name, configuration, host, networking) }
    }

    private func make(
        name: String?, _ configuration: ContainerConfiguration, _ host: HostConfiguration, _ networking: NetworkingRequest
    ) async throws -> (id: String, warnings: [String]) {
        let id = Identifier.random()
        let wanted = try name.map { try checkName($0) } ?? ContainerNames.random { names[$0] != nil }
        try reserve(wanted, for: id)
        do {
            let image = try await environment.images.resolve(configuration.image)
            var merged = try ConfigurationMerge.merge(configuration, image: image)
            if merged.hostname.isEmpty { merged.hostname = String(id.prefix(12)) }
            var warnings: [String] = []
            let host = try await complete(host, merged, image, &warnings)
            let storage = try await environment.registry.storage(host.storageDriver.isEmpty ? nil : host.storageDriver)
            let snapshot = ContainerSnapshot(
                id: id, name: wanted, created: Clock.now(), imageID: image.id,
                arguments: (merged.entrypoint ?? []) + (merged.command ?? []), configuration: merged, host: host,
                storageDriver: storage.name)
            let entry = Entry(snapshot)
            entry.isBeingCreated = true
            entry.networking = networking
            entries[id] = entry
            try await build(entry, image, storage)
            entry.isBeingCreated = false
            publish("create", entry.snapshot)
            return (id, warnings)
        } catch {
            entries[id] = nil
            names[wanted] = nil
            throw error
        }
    }

    /// What the container owns on disk; a failure takes all of it back.
    private func build(_ entry: Entry, _ image: ImageSnapshot, _ storage: StorageInstance) async throws(EngineError) {
        let id = entry.snapshot.id
        let tree = try await makeLayer(id, image, storage)
        FailPoint.after("container.create.layer")
        do throws(EngineError) {
            try makeFolders(entry.snapshot)
            FailPoint.after("container.create.folder")
            entry.snapshot.mounts = try await resolveMounts(entry.snapshot, image)
            FailPoint.after("container.create.volumes")
            try await fillVolumes(entry.snapshot, tree)
            try await environment.store.save(entry.snapshot)
        } catch {
            await Leftovers.remove { try await storage.remove(layer(id)) }
            await Leftovers.remove { try Files.removeTree(directory(id)) }
            entry.snapshot.mounts = []
            for volume in await environment.volumes.owned() where volume.owner == id { await dropAnonymous(volume.name) }
            throw error
        }
    }

    private func fillVolumes(_ container: ContainerSnapshot, _ tree: [Mount]) async throws(EngineError) {
        for point in container.mounts where point.kind == .volume && point.writable && !point.mode.contains("nocopy") && !point.source.isEmpty {
            // Nobody fills it again after a power cut. One without a name goes with its container.
            let isShortLived = container.host.autoRemove && Identifier.isFull(point.name)
            try await VolumeFill.fill(
                point.source, from: point.target, of: tree, scratch: "\(environment.defaults.dataRoot)/scratch", durable: !isShortLived)
        }
    }

    /// Fills in the daemon's defaults and refuses what can't be run.
    private func complete(_ host: HostConfiguration, _ configuration: ContainerConfiguration, _ image: ImageSnapshot, _ warnings: inout [String]) async throws(EngineError) -> HostConfiguration {
        var host = host
        try ConfigurationCheck.check(configuration, host)
        let defaults = environment.defaults
        if host.logDriver.isEmpty {
            host.logDriver = environment.registry.defaultName(.log)
            if host.logOptions.isEmpty { host.logOptions = defaults.logOptions }
        }
        _ = try await environment.registry.log(host.logDriver, options: host.logOptions)
        if host.shmSize == 0 { host.shmSize = defaults.shmSize }
        if defaults.useInit { host.useInit = true }
        for limit in defaults.ulimits where !host.resources.ulimits.contains(where: { $0.name == limit.name }) {
            host.resources.ulimits.append(limit)
        }
        if host.publishAllPorts {
            for port in configuration.exposedPorts where !host.portBindings.contains(where: { $0.container == port }) {
                host.portBindings.append(PortBinding(container: port))
            }
        }
        if let other = NetworkSharing.container(host.networkMode) {
            host.networkMode = "container:\(try entry(other).snapshot.id)"
        } else {
            let network = try await environment.networks.resolve(host.networkMode)
            let capabilities = try await environment.networks.capabilities(of: network)
            if !host.portBindings.isEmpty && !capabilities.contains(.ports) {
                warnings.append("Published ports are discarded when using \(network.driver) network mode")
            }
        }
        if host.autoRemove && host.restartPolicy.name != .no {
            throw EngineError(.invalidArgument, "can't create 'AutoRemove' container with restart policy")
        }
        return host
    }
}

/// `--network container:ID`.
enum NetworkSharing {
    static func container(_ mode: String) -> String? {
        mode.hasPrefix("container:") ? String(mode.dropFirst("container:".count)) : nil
    }
}
