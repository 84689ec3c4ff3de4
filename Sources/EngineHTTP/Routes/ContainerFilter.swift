import EngineModel
import EngineWire

/// The filters of `ps`.
struct ContainerFilter {
    static let known: Set<String> = [
        "id", "name", "label", "status", "ancestor", "exited", "before", "since", "volume", "network", "publish", "expose", "health", "is-task", "isolation",
    ]

    private let filters: Filters
    private let showsAll: Bool

    init(_ filters: Filters, showsAll: Bool) throws(Filters.Failure) {
        let states = Set(["created", "running", "paused", "restarting", "removing", "exited", "dead"])
        for status in filters["status"] where !states.contains(status) { throw .badValue("status", status) }
        for code in filters["exited"] where Int32(code) == nil { throw .badValue("exited", code) }
        self.filters = filters
        // Asking for a status, or for those around another one, means that stopped ones count.
        self.showsAll = showsAll || !filters["status"].isEmpty || !filters["exited"].isEmpty || !filters["before"].isEmpty || !filters["since"].isEmpty
    }

    func allows(_ container: ContainerSnapshot, _ all: [ContainerSnapshot]) -> Bool {
        guard showsAll || [.running, .paused, .restarting].contains(container.status.state) else { return false }
        return filters.allowsLabels(container.configuration.labels) && identity(container) && place(container, all) && resources(container)
    }

    private func identity(_ container: ContainerSnapshot) -> Bool {
        filters.allows("id") { container.id.hasPrefix($0) }
            && filters.allows("name") { Self.name(container.name, fits: $0) }
            && filters.allows("status") { container.status.state.rawValue == $0 }
            && filters.allows("exited") { container.status.state == .exited && container.status.exitCode == Int32($0) }
            && filters.allows("health") { $0 == "none" }
            && filters.allows("is-task") { $0 == "false" || $0 == "0" }
            && filters.allows("ancestor") { wanted in
                let image = container.configuration.image
                return image == wanted || "\(image):latest" == wanted || image == "\(wanted):latest" || container.imageID.hasPrefix(wanted)
                    || container.imageID.hasPrefix("sha256:\(wanted)") || image.split(separator: ":").first.map(String.init) == wanted
            }
    }

    /// Docker takes a regular expression and matches it anywhere; anchors are what people use of it.
    private static func name(_ name: String, fits wanted: String) -> Bool {
        guard let expression = try? Regex(wanted) else { return name.contains(wanted) }
        return "/\(name)".contains(expression) || name.contains(expression)
    }

    private func place(_ container: ContainerSnapshot, _ all: [ContainerSnapshot]) -> Bool {
        func created(_ reference: String) -> Int64? { all.first { $0.name == reference || $0.id.hasPrefix(reference) }?.created }
        return filters.allows("before") { created($0).map { container.created < $0 } ?? false }
            && filters.allows("since") { created($0).map { container.created > $0 } ?? false }
    }

    private func resources(_ container: ContainerSnapshot) -> Bool {
        filters.allows("volume") { wanted in container.mounts.contains { $0.name == wanted || $0.target == wanted || $0.source == wanted } }
            && filters.allows("network") { wanted in container.networks.contains { $0.networkName == wanted || $0.networkID.hasPrefix(wanted) } || container.host.networkMode == wanted }
            && filters.allows("publish") { wanted in container.networks.flatMap(\.ports).contains { Self.port($0.container, fits: wanted) } }
            && filters.allows("expose") { wanted in container.configuration.exposedPorts.contains { Self.port($0, fits: wanted) } }
    }

    private static func port(_ port: ContainerPort, fits wanted: String) -> Bool {
        port.description == wanted || (port.transport == .tcp && "\(port.number)" == wanted)
    }
}
