import EngineClient
import EngineWire
import LinuxSystem

/// Does an operation through the engine's interface.
struct Performer: Sendable {
    let engine: Engine

    /// Reads what the operation starts from, before it begins: the image behind a tag, which others may move.
    /// - Returns: nil when that is not there.
    func prepare(_ operation: Operation) throws(EngineFailure) -> (operation: Operation, archive: [UInt8])? {
        guard operation.verb == .loadImage || operation.verb == .tagImage else { return (operation, []) }
        let source = operation.settings["source"] ?? ""
        do throws(EngineFailure) {
            let image = try engine.get("/images/\(source)/json")
            var prepared = operation
            prepared.value = image["Config"]["Labels"][Operation.label].string
            prepared.settings["id"] = image["Id"].string
            guard operation.verb == .loadImage else { return (prepared, []) }
            let archive = try engine.send(Call("GET", "/images/\(source)/get")).bytes()
            let isSame = try engine.get("/images/\(source)/json")["Id"] == image["Id"]
            return isSame ? (prepared, archive) : nil
        } catch .answer { return nil }
    }

    /// - Returns: what the journal keeps of the answer.
    /// - Throws: `EngineFailure`; `.answer` when the engine refused.
    func perform(_ number: Int, _ operation: Operation, archive: [UInt8], _ model: Model) throws(EngineFailure) -> JSONValue {
        let id = model.containers[operation.container]?.id ?? "none", container = "/containers/\(id)"
        switch operation.verb {
        case .createContainer: return try create(number, operation)
        case .start, .stop, .restart, .pause, .unpause:
            let answer = try engine.send(Call("POST", "\(container)/\(operation.verb.rawValue)", operation.verb == .stop || operation.verb == .restart ? [("t", "1")] : []))
            return answer.status == 304 ? ["unchanged": true] : [:]
        // Answered when it has ended. Whoever waited then might wait for the end of a later start.
        case .kill: _ = try engine.post("\(container)/kill")
        case .rename: _ = try engine.post("\(container)/rename", [("name", operation.name)])
        case .removeContainer: _ = try engine.delete(container, [("force", "1"), ("v", "1")])
        case .writeFile: try write(id, operation)
        case .changeLog: _ = try engine.post("\(container)/update", [], ["LogConfig": ["Type": .string(operation.value), "Config": [:]]])
        case .migrateContainer: _ = try engine.post("/gantry\(container)/migrate", [("to", operation.value)])
        case .importImage: try importImage(number, operation.name)
        case .loadImage: _ = try send("/images/load", [], archive)
        case .tagImage: try tag(operation)
        case .removeImage: _ = try engine.delete("/images/\(operation.name)")
        case .createNetwork:
            _ = try engine.post("/networks/create", [], ["Name": .string(operation.name), "Driver": .string(operation.value), "Internal": true, "Labels": labels(number)])
        case .removeNetwork: _ = try engine.delete("/networks/\(operation.name)")
        case .createVolume:
            let volume = try engine.post("/volumes/create", [], ["Name": .string(operation.name), "Labels": labels(number)])
            return made(volume["Labels"])
        case .removeVolume: _ = try engine.delete("/volumes/\(operation.name)")
        case .installDriver: try sendDriver("/gantry/drivers", operation)
        case .upgradeDriver: try sendDriver("/gantry/drivers/volume/\(operation.name)/upgrade", operation)
        case .removeDriver: _ = try engine.delete("/gantry/drivers/volume/\(operation.name)")
        }
        return [:]
    }

    private func labels(_ number: Int) -> JSONValue { JSONValue([Operation.label: "\(number)"]) }

    /// Who made what there is now: a name may have been somebody else's. "": a container, with its start.
    private func made(_ labels: JSONValue) -> JSONValue { ["made": .string(labels[Operation.label].string)] }

    private func create(_ number: Int, _ operation: Operation) throws(EngineFailure) -> JSONValue {
        let settings = operation.settings
        let arguments = ContainerProgram.arguments(code: Int(settings["code"] ?? "") ?? 0, lines: Int(settings["lines"] ?? "") ?? 0)
        var host: JSONValue = ["NetworkMode": .string(settings["network"] ?? "none"), "LogConfig": ["Type": .string(settings["log"] ?? "json-file"), "Config": [:]]]
        if let volume = settings["volume"] { host["Binds"] = [.string("\(volume):\(ContainerProgram.folder)")] }
        let body: JSONValue = [
            "Image": .string(settings["image"] ?? ""), "Cmd": JSONValue(arguments), "HostConfig": host,
            "Labels": JSONValue([Operation.label: "\(number)", "torture.note": settings["note"] ?? ""]),
        ]
        return ["id": try engine.post("/containers/create", [("name", operation.name)], body)["Id"]]
    }

    private func write(_ id: String, _ operation: Operation) throws(EngineFailure) {
        let result = try Process(engine, container: id, ContainerProgram.write(operation.name, operation.value))
        // The container may have ended under it; then nobody knows how far it came.
        guard result.status == 0 else { throw .answer(status: 499, message: "the write ended with \(result.status)") }
    }

    private func importImage(_ number: Int, _ name: String) throws(EngineFailure) {
        guard let archive = try? TinyImage.archive(marker: TinyImage.marker(number)) else { throw .broken("there is no /bin/busybox") }
        let parts = name.split(separator: ":")
        let changes = "LABEL \(Operation.label)=\(number)"
        _ = try send("/images/create", [("fromSrc", "-"), ("repo", String(parts[0])), ("tag", String(parts[1])), ("changes", changes)], archive)
    }

    private func sendDriver(_ path: String, _ operation: Operation) throws(EngineFailure) {
        let file = operation.settings["file"] ?? ""
        guard let bytes = try? Files.read(file) else { throw .broken("there is no \(file)") }
        _ = try send(path, [("file", "libvolume-\(operation.name).so")], bytes)
    }

    private func tag(_ operation: Operation) throws(EngineFailure) {
        let parts = operation.name.split(separator: ":").map(String.init)
        _ = try engine.post("/images/\(operation.settings["id"] ?? "")/tag", [("repo", parts[0]), ("tag", parts[1])])
    }

    private func send(_ path: String, _ query: [(String, String)], _ bytes: [UInt8]) throws(EngineFailure) -> [UInt8] {
        nonisolated(unsafe) var rest: [UInt8]? = bytes
        return try engine.send(
            Call(
                "POST", path, query,
                body: .stream {
                    defer { rest = nil }
                    return rest
                })
        ).bytes()
    }
}
