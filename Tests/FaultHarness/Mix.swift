/// Chooses the next operation of a worker: what makes sense by the model, and now and then what does not.
public struct Mix: Sendable {
    /// What an engine under test can do.
    public struct Abilities: Sendable {
        /// The driver of networks.
        public var networks = "bridge"
        /// Storage drivers between which images and containers move; the first holds new ones.
        public var storage = ["overlayfs"]
        public var containers = 8
        /// Versions of a driver that comes and goes.
        public var drivers: [DriverFile] = []

        public init(networks: String = "bridge", storage: [String] = ["overlayfs"], containers: Int = 8, drivers: [DriverFile] = []) {
            self.networks = networks
            self.storage = storage
            self.containers = containers
            self.drivers = drivers
        }
    }

    var abilities: Abilities
    var worker: Int
    var random: SeededGenerator

    /// The image that is always there.
    static let base = "torture-base:latest"

    private static let weights: [(Operation.Verb, Int)] = [
        (.createContainer, 14), (.start, 16), (.stop, 5), (.kill, 5), (.restart, 2), (.pause, 3), (.unpause, 4), (.rename, 4), (.removeContainer, 7), (.writeFile, 14), (.changeLog, 3),
        (.migrateContainer, 2), (.importImage, 3), (.loadImage, 2), (.tagImage, 4), (.removeImage, 4), (.createNetwork, 3), (.removeNetwork, 2), (.createVolume, 5), (.removeVolume, 3),
        (.installDriver, 2), (.upgradeDriver, 3), (.removeDriver, 2),
    ]

    /// Nil: the one that came up has nothing to work on.
    mutating func next(_ model: Model) -> Operation? {
        if model["tag/\(Self.base)"].contains(nil) { return worker == 0 ? Operation(.importImage, name: Self.base) : nil }
        var place = Int.random(in: 0..<Self.weights.reduce(0) { $0 + $1.1 }, using: &random)
        for (verb, weight) in Self.weights {
            if place < weight {
                var operation = make(model.reachable.count >= abilities.containers && verb == .createContainer ? .removeContainer : verb, model)
                operation?.worker = worker
                return operation
            }
            place -= weight
        }
        return nil
    }

    private mutating func make(_ verb: Operation.Verb, _ model: Model) -> Operation? {
        switch verb {
        case .createContainer: return newContainer(model)
        case .start: return container(verb, model, in: ["created", "exited"])
        case .stop, .restart, .pause, .kill: return container(verb, model, in: ["running"])
        case .unpause: return container(verb, model, in: ["paused"])
        case .removeContainer: return container(verb, model)
        case .rename: return container(verb, model).map { with($0, value: "", name: containerName(model)) }
        case .writeFile: return container(verb, model, in: ["running"]).map { with($0, value: "v\(random.next())", name: "f\(model.lastNumber + 1)") }
        case .changeLog: return container(verb, model).map { with($0, value: ["json-file", "local"].randomElement(using: &random)!) }
        case .migrateContainer: return abilities.storage.count < 2 ? nil : container(verb, model, in: ["created", "exited"]).map { with($0, value: abilities.storage.randomElement(using: &random)!) }
        case .importImage: return Operation(verb, name: tag())
        case .loadImage, .tagImage:
            guard let source = model.certain("tag/").randomElement(using: &random), let made = model["tag/\(source)"].compactMap(\.self).first else { return nil }
            return Operation(verb, name: verb == .tagImage ? tag() : source, value: made, settings: ["source": source])
        case .removeImage: return model.present("tag/").filter { $0 != Self.base }.randomElement(using: &random).map { Operation(verb, name: $0) }
        case .createNetwork:
            return model.present("network/").count < 4 ? Operation(verb, name: "torture-n\(worker)-\(Int.random(in: 0..<2, using: &random))", value: abilities.networks) : nil
        case .removeNetwork: return model.present("network/").randomElement(using: &random).map { Operation(verb, name: $0) }
        case .createVolume: return Operation(verb, name: volume())
        case .removeVolume: return model.present("volume/").randomElement(using: &random).map { Operation(verb, name: $0) }
        case .installDriver, .upgradeDriver:
            return abilities.drivers.randomElement(using: &random).map { Operation(verb, name: DriverFile.name, value: $0.version, settings: ["file": $0.path]) }
        case .removeDriver: return model.present("driver/volume/").first.map { Operation(verb, name: $0) }
        }
    }

    private mutating func newContainer(_ model: Model) -> Operation {
        let isBrief = Int.random(in: 0..<3, using: &random) == 0
        var settings = [
            "image": (model.certain("tag/").randomElement(using: &random) ?? Self.base), "storage": abilities.storage[0], "log": ["json-file", "json-file", "local"].randomElement(using: &random)!,
            "code": "\(Int.random(in: 1..<100, using: &random))", "lines": isBrief ? "200" : "1000000", "note": "a \"note\" = ünïcode \(random.next())", "network": "none",
        ]
        if Bool.random(using: &random), let volume = model.certain("volume/").randomElement(using: &random) { settings["volume"] = volume }
        if Int.random(in: 0..<3, using: &random) == 0 { settings["network"] = model.certain("network/").randomElement(using: &random) ?? (abilities.networks == "bridge" ? "bridge" : "none") }
        return Operation(.createContainer, name: containerName(model), settings: settings)
    }

    /// Most of the time one that is in the right state, sometimes any.
    private mutating func container(_ verb: Operation.Verb, _ model: Model, in states: Set<String?>? = nil) -> Operation? {
        let all = model.reachable
        let fitting = states.map { states in all.filter { !states.isDisjoint(with: model["container/\($0.number)/state"]) } } ?? all
        let isSensible = Int.random(in: 0..<20, using: &random) > 0
        return (isSensible ? fitting : all).randomElement(using: &random).map { Operation(verb, container: $0.number) }
    }

    private func with(_ operation: Operation, value: String, name: String = "") -> Operation {
        var operation = operation
        operation.value = value
        operation.name = name
        return operation
    }

    // Some names are a worker's own, others all workers fight for.

    private mutating func containerName(_ model: Model) -> String {
        Int.random(in: 0..<4, using: &random) == 0 ? "torture-shared\(Int.random(in: 0..<3, using: &random))" : "torture-c\(worker)-\(model.lastNumber + 1)"
    }
    private mutating func tag() -> String {
        Int.random(in: 0..<3, using: &random) == 0 ? "torture-shared:\(Int.random(in: 0..<2, using: &random))" : "torture-i\(worker):\(Int.random(in: 0..<2, using: &random))"
    }
    private mutating func volume() -> String {
        Int.random(in: 0..<3, using: &random) == 0 ? "torture-shared\(Int.random(in: 0..<2, using: &random))" : "torture-v\(worker)-\(Int.random(in: 0..<3, using: &random))"
    }
}
