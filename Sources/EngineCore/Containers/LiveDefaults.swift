import Synchronization

/// The defaults of containers as they are now: a reload changes them while everybody reads.
public final class LiveDefaults: Sendable {
    private let state: Mutex<ContainerDefaults>

    public init(_ defaults: ContainerDefaults) { state = Mutex(defaults) }

    public var value: ContainerDefaults {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
