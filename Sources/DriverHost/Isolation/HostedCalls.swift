import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// The instance in a host's process, and the calls that come for it.
final class HostedCalls: Sendable {
    private enum Instance: Sendable {
        case storage(LoadedStorageDriver), network(LoadedNetworkDriver), log(LoadedLogDriver), volume(LoadedVolumeDriver)

        var any: any DriverInstance {
            switch self {
            case .storage(let driver): driver
            case .network(let driver): driver
            case .log(let driver): driver
            case .volume(let driver): driver
            }
        }
    }

    private let instance: Instance

    init(_ driver: LoadedDriver, _ context: OpenContext) throws(EngineError) {
        instance =
            switch driver.kind {
            case .storage: .storage(try LoadedStorageDriver(driver, context))
            case .network: .network(try LoadedNetworkDriver(driver, context))
            case .log: .log(try LoadedLogDriver(driver, context))
            case .volume: .volume(try LoadedVolumeDriver(driver, context))
            }
    }

    func cancel() { instance.any.cancel() }
    func close() { instance.any.close() }

    /// One call after the other, until the engine closes the socket.
    func serve(_ socket: HostSocket) {
        while let message = socket.receive() {
            let descriptor = message.descriptor
            socket.answer { reply in
                defer { if descriptor >= 0 { Glibc.close(descriptor) } }
                guard let call = HostCall(rawValue: message.number) else { throw DriverError(EPROTO, "call \(message.number) is unknown") }
                var values = message.values
                switch instance {
                case .storage(let driver): try Self.run(call, driver, &values, &reply)
                case .network(let driver): try Self.run(call, driver, &values, &reply, descriptor)
                case .log(let driver): try Self.run(call, driver, &values, &reply, socket)
                case .volume(let driver): try Self.run(call, driver, &values, &reply)
                }
            }
        }
    }

    private static func run(_ call: HostCall, _ driver: LoadedStorageDriver, _ values: inout MessageReader, _ reply: inout MessageWriter) throws {
        switch call {
        case .prepare: reply.put(try driver.prepare(try values.get(), parent: try values.get()))
        case .view: reply.put(try driver.view(try values.get(), parent: try values.get()))
        case .mounts: reply.put(try driver.mounts(try values.get()))
        case .commit: try driver.commit(try values.get(), as: try values.get())
        case .remove: try driver.remove(try values.get())
        case .usage: reply.put(try driver.usage(try values.get()))
        case .walk: reply.put(try all(driver.walk))
        default: throw unknown(call)
        }
    }

    private static func run(
        _ call: HostCall, _ driver: LoadedNetworkDriver, _ values: inout MessageReader, _ reply: inout MessageWriter, _ netns: Int32
    ) throws {
        switch call {
        case .createNetwork: try driver.createNetwork(try values.get())
        case .removeNetwork: try driver.removeNetwork(try values.get())
        case .join: reply.put(try driver.join(try values.get(), netns: netns))
        case .leave: try driver.leave(network: try values.get(), endpoint: try values.get())
        case .walk: reply.put(try all(driver.walk))
        default: throw unknown(call)
        }
    }

    private static func run(_ call: HostCall, _ driver: LoadedVolumeDriver, _ values: inout MessageReader, _ reply: inout MessageWriter) throws {
        switch call {
        case .create: try driver.create(try values.get(), options: try values.get())
        case .remove: try driver.remove(try values.get())
        case .mount: reply.put(try driver.mount(try values.get(), user: try values.get()))
        case .unmount: try driver.unmount(try values.get(), user: try values.get())
        case .usage: reply.put(try driver.usage(try values.get()))
        case .walk: reply.put(try all(driver.walk))
        default: throw unknown(call)
        }
    }

    private static func run(
        _ call: HostCall, _ driver: LoadedLogDriver, _ values: inout MessageReader, _ reply: inout MessageWriter, _ socket: HostSocket
    ) throws {
        switch call {
        case .write:
            var lines: LogLines = try values.get()
            try lines.withBatch { try driver.write($0) }
        case .flush: try driver.flush()
        case .remove: try driver.remove()
        case .read:
            try driver.read(try values.get()) { batch in
                var message = MessageWriter(HostReply.lines.rawValue)
                message.put(LogLines(batch))
                guard (try? socket.send(message.finished())) != nil else { return false }
                var wantsMore: UInt8 = 0
                return recv(socket.raw, &wantsMore, 1, 0) == 1 && wantsMore == 1
            }
        default: throw unknown(call)
        }
    }

    private static func all<Value>(_ walk: ((Value) -> Bool) throws -> Void) throws -> [Value] {
        var values: [Value] = []
        try walk {
            values.append($0)
            return true
        }
        return values
    }

    private static func unknown(_ call: HostCall) -> DriverError { DriverError(ENOSYS, "this kind of driver has no call \(call.name)") }
}
