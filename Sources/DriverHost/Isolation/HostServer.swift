import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// The other side: a process that hosts one instance of one driver for an engine that doesn't trust it.
public enum HostServer {
    /// The number under which the process gets its first socket.
    static let descriptor: Int32 = 3

    /// Seconds that a driver gets for what it is doing when the engine goes.
    private static let patience: UInt32 = 5

    /// Loads the driver at `arguments[1]` and serves until the engine is gone.
    /// - Returns: the exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            Loader.standardError("gantry-driver-host", 3, "it is started by the engine, not by people")
            return 2
        }
        let first = HostSocket(OwnedFD(adopting: descriptor))
        // A driver that hangs must not outlive the engine.
        let failure = OwnThread.start("gantry-engine") {
            first.waitForEnd()
            sleep(patience)
            _exit(1)
        }
        if failure != 0 { return 1 }
        do throws(EngineError) {
            let driver = try Loader.load(arguments[1], checksOwnership: arguments[2] == "checked")
            var greeting = MessageWriter(HostReply.result.rawValue)
            greeting.put(driver.description)
            try? first.send(greeting.finished())
            serve(driver, first)
        } catch {
            var refusal = MessageWriter(HostReply.failure.rawValue)
            refusal.put(error.code.rawValue)
            refusal.put(error.message)
            try? first.send(refusal.finished())
        }
        return 0
    }

    /// The engine names the driver in its error; the driver's own sentence is enough.
    private static func open(_ driver: LoadedDriver, _ context: OpenContext) throws -> HostedCalls {
        do throws(EngineError) { return try HostedCalls(driver, context) } catch {
            let prefix = "\(driver.kind) driver \(driver.name): "
            throw DriverError(error.errno ?? EIO, error.message.hasPrefix(prefix) ? String(error.message.dropFirst(prefix.count)) : error.message)
        }
    }

    private static func serve(_ driver: LoadedDriver, _ first: HostSocket) {
        var instance: HostedCalls?
        while var message = first.receive() {
            switch HostCall(rawValue: message.number) {
            case .open:
                first.answer { _ in instance = try open(driver, try message.values.get()) }
            case .addSocket:
                guard let instance, message.descriptor >= 0 else { return }
                let socket = HostSocket(OwnedFD(adopting: message.descriptor))
                if OwnThread.start("gantry-call", { instance.serve(socket) }) != 0 { return }
            case .cancel: instance?.cancel()
            case .close:
                first.answer { _ in instance?.close() }
                return
            default: return
            }
        }
    }
}

extension HostSocket {
    /// Answers a call with what `body` puts, or with its error.
    func answer(_ body: (inout MessageWriter) throws -> Void) {
        var reply = MessageWriter(HostReply.result.rawValue)
        do { try body(&reply) } catch {
            reply = MessageWriter(HostReply.failure.rawValue)
            reply.put(DriverError.wrapping(error))
        }
        // An engine that is gone ends this process where it listens.
        try? send(reply.finished())
    }
}
