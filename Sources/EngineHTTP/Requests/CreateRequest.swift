import EngineCore
import EngineErrors
import EngineModel
import EngineWire

/// The body of `POST /containers/create` as the model's values.
struct CreateRequest {
    let configuration: ContainerConfiguration
    let host: HostConfiguration
    let networking: NetworkingRequest

    init(_ body: JSONValue) throws(EngineError) {
        configuration = try Self.configuration(body)
        host = try HostConfigRequest.make(body.ignoringCase("HostConfig"))
        networking = Self.networking(body.ignoringCase("NetworkingConfig"))
    }

    private static func configuration(_ body: JSONValue) throws(EngineError) -> ContainerConfiguration {
        var result = ContainerConfiguration()
        result.image = body.ignoringCase("Image").string
        guard !result.image.isEmpty else { throw EngineError(.invalidArgument, "no image specified: the body's \"Image\" is empty") }
        result.entrypoint = try command(body.ignoringCase("Entrypoint"), "Entrypoint")
        result.command = try command(body.ignoringCase("Cmd"), "Cmd")
        result.environment = try strings(body.ignoringCase("Env"), "Env")
        result.workingDirectory = body.ignoringCase("WorkingDir").string
        result.user = body.ignoringCase("User").string
        result.hostname = body.ignoringCase("Hostname").string
        result.domainName = body.ignoringCase("Domainname").string
        result.labels = try map(body.ignoringCase("Labels"), "Labels")
        result.tty = body.ignoringCase("Tty").bool
        result.openStdin = body.ignoringCase("OpenStdin").bool
        result.stdinOnce = body.ignoringCase("StdinOnce").bool
        result.attachStdin = body.ignoringCase("AttachStdin").bool
        result.attachStdout = body.ignoringCase("AttachStdout").bool
        result.attachStderr = body.ignoringCase("AttachStderr").bool
        for port in body.ignoringCase("ExposedPorts").entries { result.exposedPorts.append(try Self.port(port.key)) }
        result.volumes = body.ignoringCase("Volumes").entries.map(\.key)
        let signal = body.ignoringCase("StopSignal").string
        result.stopSignal = signal.isEmpty ? nil : signal
        let timeout = body.ignoringCase("StopTimeout")
        result.stopTimeout = timeout.isNull ? nil : Int(timeout.integer)
        let mac = body.ignoringCase("MacAddress").string
        result.macAddress = mac.isEmpty ? nil : mac
        let check = body.ignoringCase("Healthcheck")
        if !check.isNull {
            result.healthcheck = Healthcheck(
                test: try strings(check.ignoringCase("Test"), "Healthcheck.Test"), interval: check.ignoringCase("Interval").integer,
                timeout: check.ignoringCase("Timeout").integer, startPeriod: check.ignoringCase("StartPeriod").integer,
                retries: Int(check.ignoringCase("Retries").integer))
        }
        return result
    }

    private static func networking(_ body: JSONValue) -> NetworkingRequest {
        NetworkingRequest(
            endpoints: body.ignoringCase("EndpointsConfig").entries.map { member in
                NetworkingRequest.Endpoint(
                    network: member.key, address: member.value.ignoringCase("IPAMConfig").ignoringCase("IPv4Address").string,
                    aliases: member.value.ignoringCase("Aliases").array.map(\.string), mac: member.value.ignoringCase("MacAddress").string)
            })
    }

    static func port(_ text: String) throws(EngineError) -> ContainerPort {
        guard let port = ContainerPort(text) else { throw EngineError(.invalidArgument, "invalid port specification: \"\(text)\"") }
        return port
    }

    /// A list, or one string for a list of one; null is "not said".
    private static func command(_ value: JSONValue, _ name: String) throws(EngineError) -> [String]? {
        switch value {
        case .null: return nil
        case .string(let text): return [text]
        default: return try strings(value, name)
        }
    }

    static func strings(_ value: JSONValue, _ name: String) throws(EngineError) -> [String] {
        switch value {
        case .null: return []
        case .array(let elements):
            var result: [String] = []
            for element in elements {
                guard case .string(let text) = element else { throw EngineError(.invalidArgument, "invalid JSON: \(name) must be a list of strings") }
                result.append(text)
            }
            return result
        default: throw EngineError(.invalidArgument, "invalid JSON: \(name) must be a list of strings")
        }
    }

    static func map(_ value: JSONValue, _ name: String) throws(EngineError) -> [String: String] {
        guard !value.isNull else { return [:] }
        guard case .object(let members) = value else { throw EngineError(.invalidArgument, "invalid JSON: \(name) must be an object of strings") }
        var result: [String: String] = [:]
        for member in members { result[member.key] = member.value.string }
        return result
    }
}
