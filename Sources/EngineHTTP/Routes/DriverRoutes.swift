import EngineCore
import EngineErrors
import EngineWire
import NIOHTTP1

/// Drivers: Gantry's own routes, below `/gantry`.
struct DriverRoutes {
    private let drivers: any DriverService

    init(_ services: EngineServices) { drivers = services.drivers }

    func add(to router: inout Router) {
        router.add(.GET, "/gantry/drivers") { _, _ in .json(.array(await drivers.drivers().map(DriverBody.driver))) }
        router.add(.GET, "/gantry/driver-calls") { _, _ in .json(.array(await drivers.driverCalls().map(DriverBody.call))) }
        router.add(.POST, "/gantry/drivers") { request, _ in
            let driver = try await drivers.installDriver(file: try Self.file(request), from: request.body)
            return .json(DriverBody.driver(driver), status: .created)
        }
        router.add(.GET, "/gantry/drivers/{name*}") { _, name in
            let found = await drivers.drivers().filter { name[0] == "\($0.kind)/\($0.name)" || name[0] == $0.name }
            guard !found.isEmpty else { throw EngineError(.notFound, "No such driver: \(name[0])") }
            return .json(.array(found.map(DriverBody.driver)))
        }
        router.add(.POST, "/gantry/drivers/{name*}/upgrade") { request, name in
            .json(DriverBody.driver(try await drivers.upgradeDriver(name[0], file: try Self.file(request), from: request.body)))
        }
        router.add(.DELETE, "/gantry/drivers/{name*}") { _, name in
            try await drivers.removeDriver(name[0])
            return .noContent
        }
    }

    private static func file(_ request: Request) throws(EngineError) -> String {
        guard let file = request.query["file"], !file.isEmpty else {
            throw EngineError(.invalidArgument, "the query lacks \"file\", the name of the driver's file")
        }
        return file
    }
}
