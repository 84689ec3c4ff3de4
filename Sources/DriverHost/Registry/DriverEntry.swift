import DriverKit
import EngineErrors
import Synchronization

/// One version of a driver: its file, and its image once somebody wanted it.
final class DriverVersion: Sendable {
    let found: FoundDriver
    let image = SharedResult<DriverImage>()

    init(_ found: FoundDriver) { self.found = found }
}

/// One driver: the version that serves, those before it, and the daemon's instance.
final class DriverEntry: Sendable {
    private struct State {
        var current: DriverVersion
        /// Replaced since the daemon started; containers' logs may still be written by one.
        var former: [DriverVersion] = []
        /// Opens beside the current one.
        var next: DriverVersion?
    }

    let kind: DriverKind
    let name: String
    let counters = CallCounters()
    let storage = SharedResult<StorageInstance>()
    let network = SharedResult<NetworkInstance>()
    let volume = SharedResult<VolumeInstance>()
    private let state: Mutex<State>

    init(_ found: FoundDriver) {
        kind = found.kind
        name = found.name
        state = Mutex(State(current: DriverVersion(found)))
    }

    var current: DriverVersion { state.withLock { $0.current } }
    /// nil: there is no instance of it that serves.
    var gateStatus: GateStatus? {
        storage.ready?.serving.gateStatus ?? network.ready?.serving.gateStatus ?? volume.ready?.serving.gateStatus
    }
    var isUsed: Bool { current.image.ready != nil }

    /// A version begins to take the current one's place. False: another one does already.
    func beginReplacement(_ version: DriverVersion) -> Bool {
        state.withLock { state in
            if state.next != nil { return false }
            state.next = version
            return true
        }
    }

    func endReplacement(_ isDone: Bool) {
        state.withLock { state in
            if isDone, let next = state.next {
                if state.current.image.ready != nil { state.former.append(state.current) }
                state.current = next
            }
            state.next = nil
        }
    }

    /// The newest first.
    func statuses(isDefault: Bool) -> [DriverStatus] {
        let state = state.withLock { $0 }
        var result: [DriverStatus] = []
        if let next = state.next { result.append(status(next, .opening, isDefault: false)) }
        result.append(status(state.current, self.state(of: state.current), isDefault: isDefault))
        for version in state.former.reversed() { result.append(status(version, .replaced, isDefault: false)) }
        return result
    }

    private func status(_ version: DriverVersion, _ state: DriverStatus.State, isDefault: Bool) -> DriverStatus {
        let image = version.image.ready, description = image?.description
        return DriverStatus(
            kind: kind, name: name, version: description?.version ?? version.found.version, path: version.found.path, state: state,
            isDefault: isDefault, isIsolated: image?.isIsolated ?? false, summary: description?.summary ?? "",
            capabilities: description?.capabilities.names(of: kind) ?? [], options: description?.options ?? [],
            objectOptions: description?.objectOptions ?? [], calls: DriverStatus.Calls(counters.values))
    }

    private func state(of version: DriverVersion) -> DriverStatus.State {
        if counters.values.hanging > 0 { return .wedged }
        if let why = version.image.failure ?? storage.failure ?? network.failure ?? volume.failure { return .failed(why) }
        return version.image.ready == nil ? .found : .loaded
    }
}
