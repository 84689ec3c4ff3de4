public import EngineClient
import EngineWire

extension Verification {
    /// Uses everything that there is, and removes it: each container starts, is logged and removed, each image runs, each
    /// volume mounts, each network takes a container. At the end the engine has nothing of ours.
    ///
    /// - Returns: one sentence for each thing that can't be used.
    public static func exhaust(_ engine: Engine, _ model: Model) -> [String] {
        var verification = Verification(engine: engine, model: model)
        do throws(EngineFailure) {
            try verification.useContainers()
            for tag in try verification.tags() { try verification.useImage(tag) }
            for volume in try engine.get("/volumes")["Volumes"].array { try verification.useVolume(volume["Name"].string) }
            for network in try engine.get("/networks").array where network["Name"].string.hasPrefix("torture") { try verification.useNetwork(network["Name"].string) }
            try verification.useDriver()
            for tag in try verification.tags() { verification.remove("image \(tag)", "/images/\(tag)?force=1") }
            // Images whose tags moved to others.
            _ = try engine.post("/images/prune")
            try verification.ownCheck()
        } catch {
            verification.violations.demand(false, "the engine does not answer while it is used: \(error)")
        }
        return verification.violations.sentences
    }

    private func tags() throws(EngineFailure) -> [String] { try engine.get("/images/json").array.flatMap { $0["RepoTags"].array.map(\.string) }.filter { $0.hasPrefix("torture") } }

    private mutating func remove(_ what: String, _ path: String) {
        let parts = path.split(separator: "?")
        do throws(EngineFailure) { _ = try engine.delete(String(parts[0]), parts.count > 1 ? [("force", "1"), ("v", "1")] : []) } catch {
            violations.demand(false, "\(what) can't be removed: \(error)")
        }
    }

    private mutating func useContainers() throws(EngineFailure) {
        for listed in try engine.get("/containers/json", [("all", "1")]).array {
            guard let number = Self.number(listed) else { continue }
            let path = "/containers/\(listed["Id"].string)"
            do throws(EngineFailure) {
                if listed["State"].string == "paused" { _ = try engine.post("\(path)/unpause") }
                if listed["State"].string != "running" { _ = try engine.post("\(path)/start") }
                if let listing = try? Process(engine, container: listed["Id"].string, ContainerProgram.list), listing.status == 0, let container = model.containers[number],
                    container.settings["volume"] == nil
                {
                    checkFiles("container/\(number)/file/", "container \(number)", Self.files(listing.output))
                }
            } catch {
                if error.status == nil { throw error }
                // Its network may have been removed: nothing of it ran then.
                violations.demand(error.status == 404 && "\(error)".contains(" network "), "container \(number) can't be used: \(error)")
            }
            remove("container \(number)", "\(path)?force=1")
        }
    }

    private mutating func useImage(_ tag: String) throws(EngineFailure) {
        let made = try engine.get("/images/\(tag)/json")["Config"]["Labels"][Operation.label].string
        let output = try run("image \(tag)", ["Image": .string(tag), "Cmd": ["cat", "/marker"]])
        let marker = Int(made).map(TinyImage.marker) ?? ""
        if let output { violations.demand(output == marker, "image \(tag), made by operation \(made), holds \(output) and not \(marker)") }
    }

    private mutating func useVolume(_ name: String) throws(EngineFailure) {
        let binds: JSONValue = [.string("\(name):\(ContainerProgram.folder)")]
        if let image = try tags().first,
            let output = try run("volume \(name)", ["Image": .string(image), "Cmd": JSONValue(ContainerProgram.list), "HostConfig": ["Binds": binds]])
        {
            checkFiles("volume/\(name)/file/", "the volume \(name), mounted,", Self.files(output))
        }
        remove("the volume \(name)", "/volumes/\(name)")
    }

    private mutating func useNetwork(_ name: String) throws(EngineFailure) {
        if let image = try tags().first { _ = try run("network \(name)", ["Image": .string(image), "Cmd": ["true"], "HostConfig": ["NetworkMode": .string(name)]]) }
        remove("the network \(name)", "/networks/\(name)")
    }

    private mutating func useDriver() throws(EngineFailure) {
        let name = DriverFile.name
        guard try optional("/gantry/drivers/volume/\(name)") != nil else { return }
        do throws(EngineFailure) { _ = try engine.post("/volumes/create", [], ["Name": "torture-driver", "Driver": .string(name)]) } catch {
            violations.demand(false, "the volume driver \(name) can't be used: \(error)")
        }
        remove("the volume torture-driver", "/volumes/torture-driver")
        remove("the volume driver \(name)", "/gantry/drivers/volume/\(name)")
    }

    /// Runs a container to its end and removes it.
    /// - Returns: its output; nil: it could not run, and that has been said.
    private mutating func run(_ what: String, _ body: JSONValue) throws(EngineFailure) -> String? {
        var body = body
        if body["HostConfig"].isNull { body["HostConfig"] = [:] }
        if body["HostConfig"]["NetworkMode"].isNull { body["HostConfig"]["NetworkMode"] = "none" }
        do throws(EngineFailure) {
            let path = "/containers/\(try engine.post("/containers/create", [], body)["Id"].string)"
            _ = try engine.post("\(path)/start")
            let status = try engine.post("\(path)/wait")["StatusCode"].integer
            let output = try engine.send(Call("GET", "\(path)/logs", [("stdout", "1")])).bytes()
            _ = try engine.delete(path)
            violations.demand(status == 0, "a container with \(what) ended with \(status)")
            return Self.lines(output).joined(separator: "\n")
        } catch {
            if error.status == nil { throw error }
            violations.demand(false, "a container with \(what) can't run: \(error)")
            return nil
        }
    }
}
