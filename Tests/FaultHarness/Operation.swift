import EngineWire

/// One change asked of an engine. Its number, that of its place in the journal, marks what it makes.
public struct Operation: Sendable, Equatable {
    public enum Verb: String, Sendable, CaseIterable {
        case createContainer, start, stop, kill, restart, pause, unpause, rename, removeContainer, writeFile, changeLog, migrateContainer
        case importImage, loadImage, tagImage, removeImage
        case createNetwork, removeNetwork, createVolume, removeVolume
        case installDriver, upgradeDriver, removeDriver
    }

    public var verb: Verb
    public var worker = 0
    /// The operation that made the container.
    public var container = 0
    /// Of the object: a name, a tag, a file.
    public var name = ""
    /// What the object has afterwards.
    public var value = ""
    /// Of a new container, and where things are read from.
    public var settings: [String: String] = [:]

    /// The label that carries the number.
    public static let label = "torture.op"

    var json: JSONValue {
        [
            "verb": .string(verb.rawValue), "worker": .integer(Int64(worker)), "container": .integer(Int64(container)), "name": .string(name), "value": .string(value),
            "settings": JSONValue(settings),
        ]
    }

    init(_ verb: Verb, container: Int = 0, name: String = "", value: String = "", settings: [String: String] = [:]) {
        self.verb = verb
        self.container = container
        self.name = name
        self.value = value
        self.settings = settings
    }

    /// Nil: no operation of ours.
    init?(_ json: JSONValue) {
        guard let verb = Verb(rawValue: json["verb"].string) else { return nil }
        self.verb = verb
        worker = Int(json["worker"].integer)
        container = Int(json["container"].integer)
        name = json["name"].string
        value = json["value"].string
        for entry in json["settings"].entries { settings[entry.key] = entry.value.string }
    }
}

/// What an operation changes.
struct Effect: Equatable {
    /// "container/17/state", "tag/torture:1", "volume/v/file/f1".
    var register: String
    /// Nil: it is not there.
    var value: String?
    var certainty = Certainty.certain

    enum Certainty {
        case certain
        /// Even a success need not have done it.
        case possible
        /// Only an operation that did not come to its end leaves it.
        case onTheWay
    }
}

extension Operation {
    /// - Parameters:
    ///   - volume: the one that this operation's container has, or "".
    ///   - existing: the model's registers with this prefix.
    func effects(number: Int, volume: String, existing: (String) -> [String]) -> [Effect] {
        func of(_ part: String, _ value: String?) -> Effect { Effect(register: "container/\(container)/\(part)", value: value) }
        /// What is restarted or removed is ended first.
        let ended = Effect(register: "container/\(container)/state", value: "exited", certainty: .onTheWay)
        switch verb {
        case .createContainer:
            let new = "container/\(number)"
            return [
                Effect(register: "\(new)/exists", value: "yes"), Effect(register: "\(new)/name", value: name), Effect(register: "\(new)/state", value: "created"),
                Effect(register: "\(new)/log", value: settings["log"]), Effect(register: "\(new)/storage", value: settings["storage"]),
            ]
                // A volume that has just been removed is made again.
                + (settings["volume"].map { [Effect(register: "volume/\($0)", value: "", certainty: .possible)] } ?? [])
        case .start, .unpause: return [of("state", "running")]
        case .restart: return [of("state", "running"), ended]
        case .stop, .kill: return [of("state", "exited")]
        case .pause: return [of("state", "paused")]
        case .rename: return [of("name", name)]
        case .removeContainer: return [of("exists", nil), ended]
        case .writeFile: return [volume.isEmpty ? of("file/\(name)", value) : Effect(register: "volume/\(volume)/file/\(name)", value: value)]
        case .changeLog: return [of("log", value)]
        case .migrateContainer: return [of("storage", value)]
        case .importImage: return [Effect(register: "tag/\(name)", value: "\(number)")]
        case .loadImage, .tagImage: return [Effect(register: "tag/\(name)", value: value)]
        case .removeImage: return [Effect(register: "tag/\(name)", value: nil)]
        case .createNetwork: return [Effect(register: "network/\(name)", value: "\(number)")]
        case .removeNetwork: return [Effect(register: "network/\(name)", value: nil)]
        case .createVolume: return [Effect(register: "volume/\(name)", value: "\(number)")]
        case .removeVolume: return (["volume/\(name)"] + existing("volume/\(name)/file/")).map { Effect(register: $0, value: nil) }
        case .installDriver, .upgradeDriver: return [Effect(register: "driver/volume/\(name)", value: value)]
        case .removeDriver: return [Effect(register: "driver/volume/\(name)", value: nil)]
        }
    }
}
