import EngineCore
import EngineModel
import EngineWire

/// A container as `inspect` shows it.
enum ContainerBody {
    static func inspect(_ container: ContainerSnapshot, dataRoot: String, layer: [String: String], size: ContainerSize?) -> JSONValue {
        let folder = "\(dataRoot)/containers/\(container.id)"
        var body: JSONValue = [
            "Id": .string(container.id), "Created": .string(Timestamp.format(container.created)),
            "Path": .string(container.arguments.first ?? ""), "Args": JSONValue(Array(container.arguments.dropFirst())),
            "State": state(container.status), "Image": .string(container.imageID),
            "ResolvConfPath": .string("\(folder)/resolv.conf"), "HostnamePath": .string("\(folder)/hostname"), "HostsPath": .string("\(folder)/hosts"),
            "LogPath": .string(container.host.logDriver == "json-file" ? "\(folder)/\(container.id)-json.log" : ""),
            "Name": .string("/\(container.name)"), "RestartCount": .integer(Int64(container.restartCount)), "Driver": .string(container.storageDriver),
            "Platform": "linux", "MountLabel": "", "ProcessLabel": "", "AppArmorProfile": "", "ExecIDs": nil,
            "HostConfig": HostConfigBody.make(container.host),
            "GraphDriver": ["Data": layer.isEmpty ? nil : JSONValue(layer), "Name": .string(container.storageDriver)],
            "Mounts": .array(container.mounts.map(mount)), "Config": ConfigBody.make(container.configuration),
            "NetworkSettings": NetworkSettingsBody.make(container),
        ]
        if let size {
            body["SizeRw"] = .integer(size.written)
            body["SizeRootFs"] = .integer(size.whole)
        }
        return body
    }

    static func state(_ status: ContainerStatus) -> JSONValue {
        [
            "Status": .string(status.state.rawValue), "Running": .bool([.running, .paused, .restarting].contains(status.state) && status.pid > 0),
            "Paused": .bool(status.state == .paused), "Restarting": .bool(status.state == .restarting), "OOMKilled": .bool(status.oomKilled),
            "Dead": .bool(status.state == .dead), "Pid": .integer(Int64(status.pid)), "ExitCode": .integer(Int64(status.exitCode)),
            "Error": .string(status.error), "StartedAt": .string(Timestamp.format(status.started)), "FinishedAt": .string(Timestamp.format(status.finished)),
        ]
    }

    static func mount(_ point: MountPoint) -> JSONValue {
        var body: JSONValue = ["Type": .string(point.kind.rawValue)]
        if !point.name.isEmpty { body["Name"] = .string(point.name) }
        body["Source"] = .string(point.source)
        body["Destination"] = .string(point.target)
        if !point.driver.isEmpty { body["Driver"] = .string(point.driver) }
        body["Mode"] = .string(point.mode)
        body["RW"] = .bool(point.writable)
        body["Propagation"] = .string(point.propagation)
        return body
    }

    /// A line of `ps`.
    static func listItem(_ container: ContainerSnapshot, now: Int64, size: ContainerSize?) -> JSONValue {
        var body: JSONValue = [
            "Id": .string(container.id), "Names": [.string("/\(container.name)")], "Image": .string(container.configuration.image),
            "ImageID": .string(container.imageID), "Command": .string(command(container.arguments)),
            "Created": .integer(container.created / 1_000_000_000), "Ports": .array(NetworkSettingsBody.ports(container)),
        ]
        if let size {
            body["SizeRw"] = .integer(size.written)
            body["SizeRootFs"] = .integer(size.whole)
        }
        body["Labels"] = JSONValue(container.configuration.labels)
        body["State"] = .string(container.status.state.rawValue)
        body["Status"] = .string(status(container.status, now: now))
        body["HostConfig"] = ["NetworkMode": .string(container.host.networkMode)]
        body["NetworkSettings"] = ["Networks": NetworkSettingsBody.networks(container)]
        body["Mounts"] = .array(container.mounts.map(mount))
        return body
    }

    private static func command(_ arguments: [String]) -> String {
        arguments.map { $0.contains(" ") && $0 != arguments.first ? "'\($0)'" : $0 }.joined(separator: " ")
    }

    /// "Up 3 seconds", "Exited (0) 2 minutes ago", …
    static func status(_ status: ContainerStatus, now: Int64) -> String {
        func since(_ time: Int64) -> String { Human.duration(seconds: max(0, now - time) / 1_000_000_000) }
        switch status.state {
        case .created: return "Created"
        case .running: return "Up \(since(status.started))"
        case .paused: return "Up \(since(status.started)) (Paused)"
        case .restarting: return "Restarting (\(status.exitCode)) \(since(status.finished)) ago"
        case .removing: return "Removal In Progress"
        case .dead: return "Dead"
        case .exited: return status.finished == 0 ? "" : "Exited (\(status.exitCode)) \(since(status.finished)) ago"
        }
    }
}
