import EngineModel
import EngineWire

/// Docker's `Config`.
enum ConfigBody {
    static func make(_ configuration: ContainerConfiguration) -> JSONValue {
        var body: JSONValue = [
            "Hostname": .string(configuration.hostname), "Domainname": .string(configuration.domainName), "User": .string(configuration.user),
            "AttachStdin": .bool(configuration.attachStdin), "AttachStdout": .bool(configuration.attachStdout), "AttachStderr": .bool(configuration.attachStderr),
        ]
        if !configuration.exposedPorts.isEmpty { body["ExposedPorts"] = set(configuration.exposedPorts.map(\.description)) }
        body["Tty"] = .bool(configuration.tty)
        body["OpenStdin"] = .bool(configuration.openStdin)
        body["StdinOnce"] = .bool(configuration.stdinOnce)
        body["Env"] = JSONValue(configuration.environment)
        body["Cmd"] = JSONValue(configuration.command)
        if let check = configuration.healthcheck {
            body["Healthcheck"] = [
                "Test": JSONValue(check.test), "Interval": .integer(check.interval), "Timeout": .integer(check.timeout),
                "StartPeriod": .integer(check.startPeriod), "Retries": .integer(Int64(check.retries)),
            ]
        }
        body["Image"] = .string(configuration.image)
        body["Volumes"] = configuration.volumes.isEmpty ? .null : set(configuration.volumes)
        body["WorkingDir"] = .string(configuration.workingDirectory)
        body["Entrypoint"] = JSONValue(configuration.entrypoint)
        if let mac = configuration.macAddress { body["MacAddress"] = .string(mac) }
        body["OnBuild"] = .null
        body["Labels"] = JSONValue(configuration.labels)
        if let signal = configuration.stopSignal { body["StopSignal"] = .string(signal) }
        if let timeout = configuration.stopTimeout { body["StopTimeout"] = .integer(Int64(timeout)) }
        return body
    }

    /// Go's map[string]struct{}.
    static func set(_ keys: [String]) -> JSONValue { .object(keys.sorted().map { JSONValue.Member(key: $0, value: [:]) }) }
}
