import EngineWire

/// What `run` and `create` send: flags and words as the engine's JSON.
struct ContainerBody {
    let flags: FlagValues
    let image: String
    let arguments: [String]
    /// `run` without -d: the streams come to this terminal.
    let isForeground: Bool

    func json() throws(Refusal) -> JSONValue {
        try check()
        let ports = try Ports(publish: flags.list("publish"), expose: flags.list("expose"))
        var body = try config(ports)
        body["HostConfig"] = try host(ports)
        body["NetworkingConfig"] = try networking()
        return body
    }

    /// Streams that `run` attaches: "stdin", "stdout", "stderr".
    func streams() throws(Refusal) -> Set<String> {
        var streams: Set<String> = []
        for name in flags.list("attach") {
            guard ["stdin", "stdout", "stderr"].contains(name.lowercased()) else {
                throw Refusal("invalid argument \"\(name)\" for \"-a, --attach\" flag: valid streams are STDIN, STDOUT and STDERR")
            }
            streams.insert(name.lowercased())
        }
        if streams.isEmpty, isForeground {
            streams = ["stdout", "stderr"]
            if flags.bool("interactive") { streams.insert("stdin") }
        }
        return streams
    }

    private func check() throws(Refusal) {
        if flags.bool("rm"), flags.isSet("restart"), !["", "no"].contains(flags["restart"]) {
            throw Refusal("conflicting options: cannot specify both --restart and --rm")
        }
        if let adjust = flags.integer("oom-score-adj"), !(-1000...1000).contains(adjust) {
            throw Refusal("invalid value: \(adjust). Valid range is [-1000, 1000]")
        }
        if let swappiness = flags.integer("memory-swappiness"), !(-1...100).contains(swappiness) {
            throw Refusal("invalid value: \(swappiness). Valid memory swappiness range is 0-100")
        }
    }

    private func config(_ ports: Ports) throws(Refusal) -> JSONValue {
        let streams = try streams()
        var body: JSONValue = [
            "Hostname": .string(flags["hostname"]), "Domainname": .string(flags["domainname"]), "User": .string(flags["user"]),
            "AttachStdin": .bool(streams.contains("stdin")), "AttachStdout": .bool(streams.contains("stdout")),
            "AttachStderr": .bool(streams.contains("stderr")), "Tty": .bool(flags.bool("tty")),
            "OpenStdin": .bool(flags.bool("interactive")),
            "StdinOnce": .bool(flags.bool("interactive") && streams.contains("stdin")),
            "Env": JSONValue(try Environment.variables(files: flags.list("env-file"), given: flags.list("env"))),
            "Cmd": arguments.isEmpty ? .null : JSONValue(arguments), "Image": .string(image),
            "WorkingDir": .string(flags["workdir"]),
            "Labels": JSONValue(try Pairs.labels(files: flags.list("label-file"), given: flags.list("label"))),
        ]
        // An empty entry point takes the image's away.
        if flags.isSet("entrypoint") { body["Entrypoint"] = JSONValue([flags["entrypoint"]]) }
        if !ports.exposed.isEmpty { body["ExposedPorts"] = ports.exposedJSON }
        if flags.isSet("stop-signal") { body["StopSignal"] = .string(flags["stop-signal"]) }
        if let timeout = flags.integer("stop-timeout") { body["StopTimeout"] = .integer(timeout) }
        let anonymous = try volumes().compactMap { $0.bind == nil ? $0.target : nil }
        if !anonymous.isEmpty { body["Volumes"] = .object(anonymous.map { .init(key: $0, value: [:]) }) }
        return body
    }

    func volumes() throws(Refusal) -> [(bind: String?, target: String)] {
        var all: [(bind: String?, target: String)] = []
        for text in flags.list("volume") { all.append(try VolumeFlag.parse(text)) }
        return all
    }

    private func networking() throws(Refusal) -> JSONValue {
        var endpoints: [JSONValue.Member] = []
        for (index, text) in flags.list("network").enumerated() {
            let network = try NetworkFlag(text)
            var settings = network.settings
            if index == 0 {
                let aliases = flags.list("network-alias") + network.aliases
                if !aliases.isEmpty { settings["Aliases"] = JSONValue(aliases) }
                if flags.isSet("ip") || flags.isSet("ip6") {
                    settings["IPAMConfig"] = ["IPv4Address": .string(flags["ip"]), "IPv6Address": .string(flags["ip6"])]
                }
                if flags.isSet("mac-address") { settings["MacAddress"] = .string(flags["mac-address"]) }
            } else if !network.aliases.isEmpty {
                settings["Aliases"] = JSONValue(network.aliases)
            }
            endpoints.append(.init(key: network.name, value: settings))
        }
        if endpoints.isEmpty, flags.isSet("mac-address") {
            endpoints = [.init(key: "default", value: ["MacAddress": .string(flags["mac-address"])])]
        }
        return ["EndpointsConfig": .object(endpoints)]
    }
}

/// "--network name" or "--network name=net,alias=a,ip=10.0.0.2".
struct NetworkFlag {
    var name: String
    var aliases: [String] = []
    var settings: JSONValue = [:]

    init(_ text: String) throws(Refusal) {
        name = text
        guard text.contains("=") else { return }
        name = ""
        for field in CSV.fields(text) {
            let pair = Pairs.split(field)
            switch pair.key.lowercased() {
            case "name": name = pair.value
            case "alias": aliases.append(pair.value)
            case "ip":
                var addresses = settings["IPAMConfig"].isNull ? [:] : settings["IPAMConfig"]
                addresses["IPv4Address"] = .string(pair.value)
                settings["IPAMConfig"] = addresses
            case "ip6":
                var addresses = settings["IPAMConfig"].isNull ? [:] : settings["IPAMConfig"]
                addresses["IPv6Address"] = .string(pair.value)
                settings["IPAMConfig"] = addresses
            case "mac-address": settings["MacAddress"] = .string(pair.value)
            case "driver-opt":
                let option = Pairs.split(pair.value)
                var options = settings["DriverOpts"].isNull ? [:] : settings["DriverOpts"]
                options[option.key] = .string(option.value)
                settings["DriverOpts"] = options
            default: throw Refusal("invalid field key \(pair.key)")
            }
        }
        guard !name.isEmpty else { throw Refusal("network name is required") }
    }
}
