/// What every instance has. Calls block and come from threads that the engine owns; calls on one instance are
/// serial unless the driver declares `.concurrent`; only `cancel` may come at any time.
public protocol DriverInstance: AnyObject {
    /// Ask the call in flight to return soon.
    func cancel()
    /// Last call.
    func close()
}

extension DriverInstance {
    public func cancel() {}
    public func close() {}
}

/// Snapshots of file trees. A driver returns mount descriptions and mounts nothing; the engine mounts them
/// inside the container's own mount namespace, applies layers and makes diffs.
public protocol StorageDriver: DriverInstance {
    /// A writable snapshot on top of `parent` ("": the empty tree). EEXIST; ENOENT: no such parent.
    func prepare(_ key: String, parent: String) throws -> [Mount]
    /// A read-only snapshot of `parent`.
    func view(_ key: String, parent: String) throws -> [Mount]
    /// The mounts of an active snapshot or view again. ENOENT.
    func mounts(_ key: String) throws -> [Mount]
    /// Turns the active snapshot `key` into the committed snapshot `name`; durable when it returns. EEXIST, ENOENT.
    func commit(_ key: String, as name: String) throws
    /// ENOENT; EBUSY while others have it as their parent.
    func remove(_ key: String) throws
    /// Of this snapshot alone, without its parents.
    func usage(_ key: String) throws -> Usage
    /// Every snapshot, until `body` returns false.
    func walk(_ body: (Snapshot) -> Bool) throws
}

/// Networks, the interfaces of containers in them, and published ports. Addresses come from the engine.
public protocol NetworkDriver: DriverInstance {
    /// Idempotent: what exists is brought in line.
    func createNetwork(_ network: NetworkSpecification) throws
    /// Idempotent.
    func removeNetwork(_ id: String) throws
    /// Puts an interface into the network namespace behind `netns` (borrowed). A failure leaves nothing behind.
    /// EADDRINUSE: a port is taken.
    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface]
    /// Idempotent; the namespace may be gone already.
    func leave(network: String, endpoint: String) throws
    /// The kernel objects that carry this daemon's mark.
    func walk(_ body: (NetworkObject) -> Bool) throws
}

/// One container's log. Needs no locks: calls are serial.
public protocol LogDriver: DriverInstance {
    func write(_ batch: LogBatch) throws
    func flush() throws
    /// Lines in order, until `body` returns false. Only with `.read`.
    func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws
    /// Deletes what is stored.
    func remove() throws
}

extension LogDriver {
    public func flush() throws {}
    public func remove() throws {}
}

/// Named volumes.
public protocol VolumeDriver: DriverInstance {
    /// EEXIST.
    func create(_ name: String, options: [String: String]) throws
    /// ENOENT.
    func remove(_ name: String) throws
    /// What to mount for one user (a container's id) of the volume. ENOENT.
    func mount(_ name: String, user: String) throws -> [Mount]
    /// Idempotent.
    func unmount(_ name: String, user: String) throws
    func usage(_ name: String) throws -> Usage
    func walk(_ body: (Volume) -> Bool) throws
}
