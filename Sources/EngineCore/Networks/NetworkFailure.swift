import EngineErrors
import EngineModel

/// Errors of networks, in Docker's words where clients know them.
enum NetworkFailure {
    static func missing(_ reference: String) -> EngineError { EngineError(.notFound, "network \(reference) not found") }

    static func ambiguous(_ reference: String, _ count: Int) -> EngineError {
        EngineError(.invalidArgument, "network \(reference) is ambiguous (\(count) matches found based on ID prefix)")
    }

    static func nameTaken(_ name: String) -> EngineError { EngineError(.conflict, "network with name \(name) already exists") }

    static func predefined(_ name: String) -> EngineError {
        EngineError(.permissionDenied, "\(name) is a pre-defined network and cannot be removed")
    }

    static func active(_ network: NetworkSnapshot, _ containers: [String]) -> EngineError {
        let names = containers.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        return EngineError(.permissionDenied, "error while removing network: network \(network.name) id \(network.id) has active endpoints: \(names)")
    }

    static func singleton(_ driver: String) -> EngineError {
        EngineError(.permissionDenied, "only one instance of \"\(driver)\" network is allowed")
    }

    static func overlap(_ subnet: IPv4Subnet, _ owner: String) -> EngineError {
        EngineError(.permissionDenied, "invalid pool request: Pool overlaps with other one on this address space: \(subnet) and \(owner)")
    }

    static func addressTaken(_ address: String, _ network: String, _ owner: String?) -> EngineError {
        EngineError(.conflict, "Address already in use: \(address) of the network \(network)" + (owner.map { " belongs to container \"\($0)\"" } ?? " is its gateway"))
    }
}
