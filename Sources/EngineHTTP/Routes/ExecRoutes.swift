import EngineCore
import EngineErrors
import EngineModel
import EngineWire
import NIOHTTP1

/// Processes in running containers.
struct ExecRoutes {
    private let execs: any ExecService

    init(_ services: EngineServices) { execs = services.execs }

    func add(to router: inout Router) {
        router.add(.POST, "/containers/{id}/exec", create)
        router.add(.POST, "/exec/{id}/start", start)
        router.add(.GET, "/exec/{id}/json") { _, id in .json(Self.body(try await execs.inspectExec(id[0]))) }
        router.add(.POST, "/exec/{id}/resize") { request, id in
            let size = try WindowSize(request)
            try await execs.resizeExec(id[0], rows: size.rows, columns: size.columns)
            return .data(status: .ok, headers: [:], [])
        }
    }

    @Sendable private func create(_ request: Request, _ id: Router.Parameters) async throws -> Response {
        let body = try await request.requiredJSON()
        let exec = ExecSnapshot(
            id: "", container: id[0], arguments: try CreateRequest.strings(body.ignoringCase("Cmd"), "Cmd"),
            environment: try CreateRequest.strings(body.ignoringCase("Env"), "Env"), user: body.ignoringCase("User").string,
            workingDirectory: body.ignoringCase("WorkingDir").string, tty: body.ignoringCase("Tty").bool,
            openStdin: body.ignoringCase("AttachStdin").bool, openStdout: body.ignoringCase("AttachStdout").bool,
            openStderr: body.ignoringCase("AttachStderr").bool, privileged: body.ignoringCase("Privileged").bool,
            detachKeys: body.ignoringCase("DetachKeys").string)
        return .json(["Id": .string(try await execs.createExec(id[0], exec))], status: .created)
    }

    @Sendable private func start(_ request: Request, _ id: Router.Parameters) async throws -> Response {
        let body = try await request.json()
        let detach = body.ignoringCase("Detach").bool, tty = body.ignoringCase("Tty").bool
        let size = body.ignoringCase("ConsoleSize").array.map { UInt16(clamping: $0.integer) }
        let stream = try await execs.startExec(id[0], detach: detach, tty: tty, consoleSize: size.count == 2 ? (size[0], size[1]) : nil)
        guard let stream = consume stream else { return .data(status: .ok, headers: [:], []) }
        return .attached(stream, request)
    }

    private static func body(_ exec: ExecSnapshot) -> JSONValue {
        [
            "ID": .string(exec.id), "Running": .bool(exec.running), "ExitCode": exec.exitCode.map { .integer(Int64($0)) } ?? nil,
            "ProcessConfig": [
                "tty": .bool(exec.tty), "entrypoint": .string(exec.arguments.first ?? ""), "arguments": JSONValue(Array(exec.arguments.dropFirst())),
                "privileged": .bool(exec.privileged), "user": .string(exec.user),
            ],
            "OpenStdin": .bool(exec.openStdin), "OpenStderr": .bool(exec.openStderr), "OpenStdout": .bool(exec.openStdout), "CanRemove": false,
            "ContainerID": .string(exec.container), "DetachKeys": .string(exec.detachKeys), "Pid": .integer(Int64(exec.pid)),
        ]
    }
}
