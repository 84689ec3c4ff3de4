import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem
import Logging
import StateStore

extension ContainerCatalog {
    public func start(_ reference: String) async throws {
        let entry = try entry(reference)
        try await inLane(entry, "start") {
            try checkStart(entry)
            entry.restart?.cancel()
            entry.restart = nil
            entry.snapshot.stoppedByUser = false
            entry.snapshot.restartCount = 0
            entry.restartDelay = .milliseconds(100)
            do { try await times.measure(.start) { try await run(entry, isAcknowledged: true) } } catch {
                await recordFailure(entry, EngineError.wrapping(error))
                throw error
            }
        }
    }

    private func checkStart(_ entry: Entry) throws(EngineError) {
        switch entry.snapshot.status.state {
        case .running: throw EngineError(.notModified, "container \(entry.snapshot.id) is already running")
        case .paused: throw EngineError(.conflict, "cannot start a paused container, try unpause instead")
        case .removing, .dead:
            throw EngineError(.conflict, "container is marked for removal and cannot be started")
        case .created, .exited, .restarting: break
        }
    }

    /// A start that failed leaves the container as it was, with the reason; `--rm` removes it.
    private func recordFailure(_ entry: Entry, _ error: EngineError) async {
        entry.snapshot.status.error = error.message
        entry.snapshot.status.exitCode =
            switch error.code {
            case .commandNotFound: 127
            case .commandNotExecutable: 126
            default: 128
            }
        // Whoever is attached waited for this start.
        entry.dropAttached { _ in true }
        await saveStatus(entry)
        finishWaiters(entry)
        if entry.snapshot.host.autoRemove { await removeQuietly(entry) }
    }

    /// Runs the container. In its lane.
    /// - Parameter isAcknowledged: that it started outlives a power cut. What `--rm` makes does not outlive it anyway.
    func run(_ entry: Entry, isAcknowledged: Bool = false) async throws(EngineError) {
        let container = entry.snapshot, lane = entry.lane
        lane.waits(for: "network \(container.host.networkMode)")
        let plan = try await networkPlan(entry)
        var prepared = plan.endpoint
        var mounted: [String] = []
        FailPoint.after("container.start.lease")
        do throws(EngineError) {
            let storage = try await environment.registry.storage(container.storageDriver)
            lane.waits(for: "storage/\(container.storageDriver) mounts")
            let rootMounts = try await rootMounts(container, storage)
            try makeFolders(container)
            var volumeMounts: [String: [Mount]] = [:]
            for point in container.mounts where point.kind == .volume {
                lane.waits(for: "volume \(point.name)")
                volumeMounts[point.name] = try await environment.volumes.mount(point.name, user: container.id)
                mounted.append(point.name)
            }
            FailPoint.after("container.start.volumes")
            try writeHostFiles(container, prepared?.snapshot, plan)
            lane.waits(for: "log/\(container.host.logDriver)")
            let log = try await environment.registry.log(container.host.logDriver, options: container.host.logOptions)
            let assembly = ContainerAssembly(
                container: container, defaults: environment.defaults, network: plan.capabilities, networkOf: plan.networkOf,
                rootMounts: rootMounts, volumeMounts: volumeMounts, logDriver: log, directory: directory(container.id),
                logDirectory: logDirectory(container.id, container.logFolder),
                cgroup: cgroup(container.id))
            let attached = entry.attached
            entry.attached = []
            entry.isBeingStarted = true
            defer { entry.isBeingStarted = false }
            lane.waits(for: "its shim, which makes the first process")
            let running: RunningContainer
            do {
                running = try await environment.runtime.create(
                    assembly.specification(), limits: ContainerLimits(container).cgroup, attached: attached, kept: prepared?.takeSockets() ?? [])
            } catch {
                // What it had made may not have gone.
                Leftovers.shared.note()
                throw error
            }
            FailPoint.after("container.start.shim")
            let before = entry.snapshot, networks = prepared.map { [$0.snapshot] } ?? plan.placeholder
            do throws(EngineError) {
                async let noted = note(before, networks, running)
                if let endpoint = prepared {
                    lane.waits(for: "network \(endpoint.snapshot.networkName) join")
                    let namespace = try running.networkNamespace()
                    entry.snapshot.networks = [try await environment.networks.join(endpoint, netns: namespace.raw)]
                    prepared = nil
                } else {
                    entry.snapshot.networks = plan.placeholder
                }
                if let failure = await noted { throw failure }
                FailPoint.after("container.start.join")
                lane.waits(for: "its shim, which starts the first process")
                try await running.start()
                FailPoint.after("container.start.release")
            } catch {
                await abandon(entry, running)
                throw error
            }
            try await began(entry, running, isAcknowledged: isAcknowledged && !container.host.autoRemove)
        } catch {
            if let prepared { await environment.networks.release(prepared) }
            for name in mounted { await environment.volumes.unmount(name, user: container.id) }
            throw error
        }
    }

    /// Writes down that the process is about to run, with all that the next daemon needs to take it back: one that runs
    /// without is unknown, and ended at the next boot. The record's state stays what it was.
    private nonisolated func note(_ container: ContainerSnapshot, _ networks: [EndpointSnapshot], _ running: RunningContainer) async -> EngineError? {
        var noted = container
        noted.networks = networks
        noted.status.pid = running.pid
        do throws(EngineError) { try await environment.store.saveRelaxed(noted) } catch { return error }
        return nil
    }

    /// Its layer, which is made again if that loses nothing: a power cut may have taken the layer of a new container.
    private func rootMounts(_ container: ContainerSnapshot, _ storage: StorageInstance) async throws(EngineError) -> [Mount] {
        do throws(EngineError) { return try await storage.mounts(layer(container.id)) } catch {
            guard error.code == .notFound else { throw error }
            if container.status.started == 0 {
                try await makeLayer(container.id, try await environment.images.resolve(container.imageID), storage)
                // As for any start: its driver sees to it that a power cut does not take the layer any more.
                return try await storage.mounts(layer(container.id))
            }
            throw EngineError(
                .dataCorrupted,
                "the layer of the container \(container.name) is gone from \(storage.name), and with it what the container wrote; remove the container and create it again")
        }
    }

    private func abandon(_ entry: Entry, _ running: RunningContainer) async {
        running.signal(SIGKILL)
        for endpoint in entry.snapshot.networks where !endpoint.endpointID.isEmpty {
            await environment.networks.leave(endpoint, container: entry.snapshot.id)
        }
        entry.lane.waits(for: "the end of its shim after a start that failed", atMost: Self.shimPatience)
        await running.end(within: .seconds(Self.shimPatience))
        for index in entry.snapshot.networks.indices { entry.snapshot.networks[index].address = "" }
        entry.snapshot.closePorts()
        await cleanAside(entry.snapshot.id)
        forgetShim(entry.snapshot.id)
    }

    private func began(_ entry: Entry, _ running: RunningContainer, isAcknowledged: Bool) async throws(EngineError) {
        let before = entry.snapshot
        entry.isStopping = false
        entry.isKept = false
        entry.isEndUnsaved = false
        entry.snapshot.isBeingRestarted = nil
        entry.snapshot.status.state = .running
        entry.snapshot.status.pid = running.pid
        entry.snapshot.status.exitCode = 0
        entry.snapshot.status.error = ""
        entry.snapshot.status.oomKilled = false
        entry.snapshot.status.started = Clock.now()
        entry.lane.waits(for: "the state store")
        do throws(EngineError) {
            if isAcknowledged { try await change(entry) { _ in } } else { await saveStatus(entry) }
        } catch {
            // It would be down after a power cut, and nobody would know that it has ever run.
            await abandon(entry, running)
            entry.snapshot.status = before.status
            throw EngineError(error.code, "the container \(before.name) was ended again, because its start could not be written down: \(error.message)", errno: error.errno, underlying: error)
        }
        entry.running = running
        watch(entry, running)
        publish("start", entry.snapshot)
    }

    // MARK: network

    struct NetworkPlan {
        var capabilities: DriverCapabilities?
        var endpoint: PreparedEndpoint?
        var networkOf: Int32 = 0
        /// What `inspect` shows for a network that needs no endpoint.
        var placeholder: [EndpointSnapshot] = []
        /// The other container's folder, whose files are shared.
        var sharedFiles: String?
    }

    private func networkPlan(_ entry: Entry) async throws(EngineError) -> NetworkPlan {
        let container = entry.snapshot
        if let other = NetworkSharing.container(container.host.networkMode) {
            let sharing = try self.entry(other)
            guard let running = sharing.running else {
                throw EngineError(.conflict, "cannot join network of a non running container: \(sharing.snapshot.id)")
            }
            return NetworkPlan(networkOf: running.pid, sharedFiles: directory(sharing.snapshot.id))
        }
        let network = try await environment.networks.resolve(container.host.networkMode)
        let capabilities = try await environment.networks.capabilities(of: network)
        guard !capabilities.contains(.hostNamespace) else {
            return NetworkPlan(capabilities: capabilities, placeholder: [EndpointSnapshot(networkID: network.id, networkName: network.name)])
        }
        let request = entry.networking.endpoints.first { [network.name, network.id, container.host.networkMode].contains($0.network) }
        let endpoint = try await environment.networks.prepare(network, container: container, request: request)
        return NetworkPlan(capabilities: capabilities, endpoint: endpoint)
    }

    private func writeHostFiles(_ container: ContainerSnapshot, _ endpoint: EndpointSnapshot?, _ plan: NetworkPlan) throws(EngineError) {
        let folder = directory(container.id)
        do throws(Errno) {
            if let shared = plan.sharedFiles {
                for name in ["hosts", "hostname", "resolv.conf"] { try Files.replace("\(folder)/\(name)", with: Files.read("\(shared)/\(name)")) }
                return
            }
            let files = HostFiles(container: container, endpoint: endpoint, usesHostNetwork: plan.capabilities?.contains(.hostNamespace) ?? false)
            try Files.replace("\(folder)/hosts", with: Array(files.hosts.utf8))
            try Files.replace("\(folder)/hostname", with: Array(files.hostname.utf8))
            try Files.replace("\(folder)/resolv.conf", with: Array(files.resolver.utf8))
        } catch {
            throw EngineError(error.code == ENOSPC ? .resourceExhausted : .internal, "the container's network files can't be written: \(error)", errno: error.code)
        }
    }
}
