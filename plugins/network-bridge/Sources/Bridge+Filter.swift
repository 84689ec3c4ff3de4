import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

extension Bridge {
    /// The table, and in its sets exactly what the network needs.
    func bringFilterInLine(_ network: BridgeNetwork, _ kernel: inout Kernel) throws {
        var requests: [NetfilterRequest] = []
        if try !isFilterWhole(&kernel) {
            let published = (kernel.published ?? [:]).values.flatMap { $0 }
            requests = PacketFilter.setUp + published.map { .addElement($0.element, set: $0.set) }
        }
        let wanted = PacketFilter.elements(network)
        let present = try elements(of: network.id, PacketFilter.networkSets, &kernel)
        requests += present.filter { !wanted.contains($0) }.map { .deleteElement($0.element, set: $0.set) }
        requests += wanted.filter { !present.contains($0) }.map { .addElement($0.element, set: $0.set) }
        if requests.isEmpty { return }
        try kernel.filter.perform(requests, table: mark.table)
        kernel.isFilterReady = true
    }

    /// The table, its rules, and the ports that this instance published.
    private func isFilterWhole(_ kernel: inout Kernel) throws -> Bool {
        guard kernel.isFilterReady, try kernel.filter.ruleCount(table: mark.table) == PacketFilter.ruleCount else { return false }
        let published = (kernel.published ?? [:]).values.flatMap { $0 }
        if published.isEmpty { return true }
        let present = try PacketFilter.portMaps.flatMap { map in try kernel.filter.elements(of: map, table: mark.table).map { PlacedElement(set: map, element: $0) } }
        return published.allSatisfy(present.contains)
    }

    /// Whether the packet filter has everything that the network needs.
    func isFilterWhole(for network: BridgeNetwork, _ kernel: inout Kernel) throws -> Bool {
        guard try isFilterWhole(&kernel) else { return false }
        let present = try elements(of: network.id, PacketFilter.networkSets, &kernel)
        return PacketFilter.elements(network).allSatisfy(present.contains)
    }

    /// Ids of networks in the packet filter.
    func networksInFilter(_ kernel: inout Kernel) throws -> Set<String> {
        Set(try PacketFilter.networkSets.flatMap { try kernel.filter.elements(of: $0, table: mark.table).map(\.comment) }).subtracting([""])
    }

    func removeElements(of id: String, _ kernel: inout Kernel) throws {
        let present = try elements(of: id, PacketFilter.networkSets, &kernel)
        if !present.isEmpty { try kernel.filter.perform(present.map { .deleteElement($0.element, set: $0.set) }, table: mark.table) }
    }

    /// The network's elements, and the table with the last network.
    func removeFromFilter(_ id: String, _ kernel: inout Kernel) throws {
        let others = try kernel.filter.elements(of: PacketFilter.bridges, table: mark.table).contains { $0.comment != id }
        if others {
            try removeElements(of: id, &kernel)
        } else {
            try ignoring(ENOENT) { try kernel.filter.perform([.deleteTable], table: mark.table) }
            kernel.isFilterReady = false
            kernel.published = nil
        }
    }

    private func elements(of id: String, _ sets: [String], _ kernel: inout Kernel) throws -> [PlacedElement] {
        var found: [PlacedElement] = []
        for set in sets {
            let all = try kernel.filter.elements(of: set, table: mark.table)
            found += PacketFilter.owned(id, all).map { PlacedElement(set: set, element: $0) }
        }
        return found
    }

    // MARK: published ports

    /// - Throws: EADDRINUSE when a port is published already.
    func publish(_ elements: [PlacedElement], endpoint: String, _ kernel: inout Kernel) throws {
        if elements.isEmpty { return }
        try loadPublished(&kernel)
        try checkFree(elements, endpoint, kernel.published ?? [:])
        let requests: [NetfilterRequest] = elements.map { .addElement($0.element, set: $0.set) }
        do { try kernel.filter.perform(requests, table: mark.table) } catch {
            // Somebody flushed the rule set?
            guard error.code == ENOENT else { throw error }
            try rebuildFilter(&kernel)
            try kernel.filter.perform(requests, table: mark.table)
        }
        kernel.published?[endpoint] = elements
        forgetDatagramFlows(elements, &kernel)
    }

    /// Idempotent.
    func unpublish(_ endpoint: String, _ kernel: inout Kernel) throws {
        try loadPublished(&kernel)
        guard let elements = kernel.published?.removeValue(forKey: endpoint) else { return }
        let requests: [NetfilterRequest] = elements.map { .deleteElement($0.element, set: $0.set) }
        try ignoring(ENOENT) { try kernel.filter.perform(requests, table: mark.table) }
        forgetDatagramFlows(elements, &kernel)
    }

    /// A client that goes on sending from its port would go on being sent where the port led before.
    private func forgetDatagramFlows(_ elements: [PlacedElement], _ kernel: inout Kernel) {
        for service in elements.map({ Array($0.element.key.suffix(8)) }) where service[0] == UInt8(IPPROTO_UDP) {
            // Older kernels can't; there, old flows end by themselves after a pause of 30 s.
            try? kernel.filter.forgetConnections(transport: service[0], port: UInt16(service[4]) << 8 | UInt16(service[5]))
        }
    }

    private func loadPublished(_ kernel: inout Kernel) throws {
        if kernel.published == nil { try notePublished(&kernel) }
    }

    /// Learns what the kernel has and this instance does not know: of an earlier one, or of an endpoint whose interface
    /// went with its namespace.
    func notePublished(_ kernel: inout Kernel) throws {
        var found: [String: [PlacedElement]] = [:]
        for map in PacketFilter.portMaps {
            for element in try kernel.filter.elements(of: map, table: mark.table) {
                found[element.comment, default: []].append(PlacedElement(set: map, element: element))
            }
        }
        kernel.published = (kernel.published ?? [:]).merging(found) { known, _ in known }
    }

    private func checkFree(_ elements: [PlacedElement], _ endpoint: String, _ published: [String: [PlacedElement]]) throws {
        for (owner, taken) in published where owner != endpoint {
            for element in elements where taken.contains(where: { $0.set == element.set && $0.element.key == element.element.key }) {
                let port = element.element.key.suffix(4)
                let number = Int(port[port.startIndex]) << 8 | Int(port[port.startIndex + 1])
                throw DriverError(EADDRINUSE, "the port \(number) is published already, by the endpoint \(owner)")
            }
        }
    }

    private func rebuildFilter(_ kernel: inout Kernel) throws {
        Driver.log(.warning, "the nftables table \(mark.table) was gone; made it again")
        let networks = kernel.networks.values.flatMap { PacketFilter.elements($0) }
        let ports = (kernel.published ?? [:]).values.flatMap { $0 }
        try kernel.filter.perform(PacketFilter.setUp + (networks + ports).map { .addElement($0.element, set: $0.set) }, table: mark.table)
        kernel.isFilterReady = true
    }

    private func ignoring(_ code: Int32, _ body: () throws -> Void) throws {
        do { try body() } catch let error as Errno where error.code == code {}
    }
}
