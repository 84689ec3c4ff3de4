import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem
import Synchronization

/// Networks as bridges of the host.
///
/// Calls may be concurrent: what is shared is behind one lock, and work inside a container's namespace, which uses a
/// socket of its own, is done outside it.
final class Bridge: NetworkDriver {
    let mark: Mark
    let reaper: LinkReaper
    let kernel: Mutex<Kernel>
    /// Otherwise links have no IPv6 to be switched off.
    let hasIPv6 = Files.exists("/proc/sys/net/ipv6")

    /// The host's side: sockets and what is known of the host.
    struct Kernel: ~Copyable {
        var route: RouteSocket
        var filter: NetfilterSocket
        /// By id; those that `createNetwork` was called for, or that were found by their mark.
        var networks: [String: BridgeNetwork] = [:]
        /// By endpoint; nil: not read from the kernel yet.
        var published: [String: [PlacedElement]]?
        /// The table exists with our present rules.
        var isFilterReady = false
    }

    init(_ context: OpenContext) throws {
        mark = Mark(context.mark)
        reaper = try LinkReaper()
        kernel = Mutex(Kernel(route: try RouteSocket(), filter: try NetfilterSocket()))
    }

    func close() { reaper.drain() }

    func createNetwork(_ network: NetworkSpecification) throws {
        let wanted = try BridgeNetwork(network)
        try failing("set up the network \(network.name)") {
            try kernel.withLock { try create(wanted, &$0) }
            try Forwarding.enable()
        }
    }

    func removeNetwork(_ id: String) throws {
        try failing("remove the network \(id)") { try kernel.withLock { try remove(id, &$0) } }
    }

    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] {
        let network = try kernel.withLock { try self.network(endpoint.network, &$0) }
        let plan = try EndpointPlan(endpoint, network)
        try failing("connect the container \(endpoint.container)") {
            reaper.settle(plan.hostName)
            try kernel.withLock { try connect(plan, network, netns, &$0) }
            do {
                try FailPoint.before("bridge.join.configure")
                try configure(plan, netns)
                try awaitFrames(plan, network)
                try FailPoint.before("bridge.join.publish")
                try kernel.withLock { try publish(plan.published, endpoint: plan.id, &$0) }
            } catch {
                reaper.delete(plan.hostName)
                reaper.drain()
                throw error
            }
        }
        return [NetworkInterface(name: plan.name, hostName: plan.hostName, mac: plan.mac.description)]
    }

    func leave(network: String, endpoint: String) throws {
        let name = Mark.hostName(endpoint)
        try failing("disconnect the endpoint \(endpoint)") {
            try kernel.withLock { kernel in
                try unpublish(endpoint, &kernel)
                try FailPoint.before("bridge.leave.block")
                // From here on no frame of this container passes, and its address can be given to another.
                var change = LinkChange()
                change.isBlocked = true
                try kernel.route.perform([.change(.name(name), change)], ignoring: [ENODEV, EOPNOTSUPP, EINVAL])
            }
        }
        reaper.delete(name)
    }

    /// Failed system calls with their errno and with what they were for.
    func failing<R>(_ action: String, _ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as Errno { throw DriverError(error.code, "can't \(action): \(error)") }
    }
}
