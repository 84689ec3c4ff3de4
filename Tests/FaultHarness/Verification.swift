public import EngineClient
import EngineWire
import Glibc

/// Compares an engine with what its journal says must be true.
public struct Verification {
    let engine: Engine
    let model: Model
    var leniency: Leniency = []
    var violations = Violations()

    /// What faults of the machine excuse.
    public struct Leniency: OptionSet, Sendable {
        public var rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// Operations fail, with a sentence.
        public static let faults = Leniency(rawValue: 1)
        /// Lines of logs are missing.
        public static let logs = Leniency(rawValue: 2)
        /// Containers end.
        public static let ends = Leniency(rawValue: 4)
    }

    /// - Returns: one sentence for each thing that is not so.
    public static func run(_ engine: Engine, _ model: Model, _ leniency: Leniency = []) -> [String] {
        var verification = Verification(engine: engine, model: model, leniency: leniency)
        do throws(EngineFailure) {
            try verification.containers()
            try verification.images()
            try verification.networks()
            try verification.volumes()
            try verification.drivers()
            try verification.ownCheck()
        } catch {
            verification.violations.demand(false, "the engine does not answer while it is looked at: \(error)")
        }
        let faults = leniency.contains(.faults) ? model.faults.filter { !isSentence($0) } : model.faults
        return verification.violations.sentences + faults.map { "an operation failed for no fault of its own: \($0)" }
    }

    /// "verb object: status sentence": a person can read it, and it is no dump of a value.
    private static func isSentence(_ fault: String) -> Bool {
        let words = fault.split(separator: " ")
        return words.count >= 6 && !fault.contains("Error(") && !fault.contains("Optional(") && !fault.contains("Domain=")
    }

    /// Objects of ours, by the numbers of the operations that made them.
    static func number(_ object: JSONValue) -> Int? { Int(object["Labels"][Operation.label].string) }

    private mutating func containers() throws(EngineFailure) {
        var seen: [Int: JSONValue] = [:], names: Set<String> = []
        for listed in try engine.get("/containers/json", [("all", "1")]).array {
            for name in listed["Names"].array { violations.demand(names.insert(name.string).inserted, "two containers are called \(name.string)") }
            guard let number = Self.number(listed) else { continue }
            violations.demand(seen[number] == nil, "container \(number) is there twice")
            seen[number] = listed
        }
        for (number, container) in model.containers.sorted(by: { $0.key < $1.key }) {
            let possible = model["container/\(number)/exists"]
            guard let listed = seen.removeValue(forKey: number) else {
                violations.demand(possible.contains(nil), "container \(number) (\(container.id ?? "no id")) is missing: its creation was acknowledged and nobody removed it")
                continue
            }
            violations.demand(possible != [nil], "container \(number) is there, but its removal was acknowledged or its creation was refused")
            try check(container, id: listed["Id"].string)
        }
        for number in seen.keys.sorted() { violations.demand(false, "container \(number) is there, but its removal was acknowledged or its creation was refused") }
    }

    private mutating func images() throws(EngineFailure) {
        for tag in model.names("tag/") {
            let possible = model["tag/\(tag)"]
            let image = try optional("/images/\(tag)/json")
            let found = image.map { $0["Config"]["Labels"][Operation.label].string }
            violations.demand(possible.contains(found), "the tag \(tag) has \(found.map { "image \($0)" } ?? "no image"), where \(Violations.words(possible)) must be")
        }
        for image in try engine.get("/images/json").array {
            for tag in image["RepoTags"].array where tag.string.hasPrefix("torture") {
                violations.demand(model["tag/\(tag.string)"] != [nil], "the tag \(tag.string) is there, but its removal was acknowledged")
            }
            violations.demand(try optional("/images/\(image["Id"].string)/json") != nil, "the image \(image["Id"].string) is listed and can't be inspected")
            violations.demand(try optional("/images/\(image["Id"].string)/history") != nil, "the image \(image["Id"].string) is listed and has no history")
        }
    }

    private mutating func networks() throws(EngineFailure) {
        var listed: Set<String> = []
        for network in try engine.get("/networks").array {
            let name = network["Name"].string
            violations.demand(try optional("/networks/\(network["Id"].string)") != nil, "the network \(name) is listed and can't be inspected")
            guard name.hasPrefix("torture") else { continue }
            violations.demand(listed.insert(name).inserted, "two networks are called \(name)")
            let possible = model["network/\(name)"], made = network["Labels"][Operation.label].string
            violations.demand(possible.contains(made), "the network \(name) is of operation \(made), where \(Violations.words(possible)) must be")
        }
        for name in model.names("network/") where !listed.contains(name) {
            violations.demand(model["network/\(name)"].contains(nil), "the network \(name) is missing: its creation was acknowledged and nobody removed it")
        }
    }

    private mutating func volumes() throws(EngineFailure) {
        var listed: Set<String> = []
        for volume in try engine.get("/volumes")["Volumes"].array where volume["Name"].string.hasPrefix("torture") {
            let name = volume["Name"].string
            violations.demand(listed.insert(name).inserted, "two volumes are called \(name)")
            let possible = model["volume/\(name)"], made = volume["Labels"][Operation.label].string
            violations.demand(possible.contains(made), "the volume \(name) is of operation \(made.isEmpty ? "none" : made), where \(Violations.words(possible)) must be")
            checkFiles("volume/\(name)/file/", "the volume \(name)", HostFolder.files(volume["Mountpoint"].string))
        }
        for name in model.names("volume/") where !listed.contains(name) {
            violations.demand(model["volume/\(name)"].contains(nil), "the volume \(name) is missing: its creation was acknowledged and nobody removed it")
        }
    }

    private mutating func drivers() throws(EngineFailure) {
        let serving = try engine.get("/gantry/drivers").array.filter { $0["Kind"].string == "volume" && $0["Name"].string == DriverFile.name && $0["State"].string != "replaced" }
        violations.demand(serving.count < 2, "two versions of the volume driver \(DriverFile.name) serve")
        let possible = model["driver/volume/\(DriverFile.name)"], version = serving.first?["Version"].string
        violations.demand(possible.contains(version), "the volume driver \(DriverFile.name) has the version \(version ?? "nothing"), where \(Violations.words(possible)) must be")
    }

    mutating func checkFiles(_ prefix: String, _ place: String, _ files: [String: String]) {
        for name in model.names(prefix) {
            let possible = model[prefix + name]
            // A write that was not answered may have left its file unfinished.
            if possible.contains(nil) { continue }
            violations.demand(possible.contains(files[name]), "the file \(name) in \(place) holds \(files[name].map { "\"\($0)\"" } ?? "nothing"), where \(Violations.words(possible)) must be")
        }
    }

    /// What the engine itself finds, `gantry system check`: its start mended whatever the fault had left.
    mutating func ownCheck() throws(EngineFailure) {
        var report = try engine.get("/gantry/check", [("deep", "1")])
        // What a fault of the machine kept from being removed goes some moments later.
        for _ in 0..<200 where leniency.contains(.faults) && !report["Findings"].array.isEmpty {
            usleep(50_000)
            report = try engine.get("/gantry/check", [("deep", "1")])
        }
        // The layer of a container that was never started is empty: a power cut may take it, and its first use makes it again.
        let wasCut = model.containers.values.contains(where: \.wasCut)
        for finding in report["Findings"].array where !(wasCut && finding["Kind"].string == "layer" && finding["Repair"].string == "restore") {
            violations.demand(false, "the engine's own check finds the \(finding["Kind"].string) \(finding["Object"].string): \(finding["Problem"].string)")
        }
        for item in report["SetAside"].array { violations.demand(false, "the engine has set \(item["Object"].string) aside: \(item["Reason"].string)") }
    }

    /// Nil: there is no such thing.
    func optional(_ path: String) throws(EngineFailure) -> JSONValue? {
        do throws(EngineFailure) { return try engine.get(path) } catch {
            if error.status != nil { return nil }
            throw error
        }
    }
}
