import CLinux
import EngineCore
import EngineHTTP
import Glibc
import LinuxSystem
import Logging
import ServiceLifecycle
import StateStore
import UnixSignals

/// The program: from the command line to the exit status.
public enum Daemon {
    /// - Parameter arguments: with the program's name in front.
    /// - Returns: 0, 1 when it could not run, 125 for a wrong command line, as Docker's.
    public static func main(_ arguments: [String]) async -> Int32 {
        let invocation: Invocation
        do throws(ConfigurationError) { invocation = try Invocation(Array(arguments.dropFirst())) } catch {
            say("\(error)\nSee 'gantryd --help'.", to: STDERR_FILENO)
            return 125
        }
        switch invocation.action {
        case .printHelp: return say(Usage.text)
        case .printVersion: return say(Version.text)
        case .validate, .run: break
        }
        do {
            let configuration = try invocation.configuration()
            if invocation.action == .validate { return say("configuration OK") }
            try await run(invocation, configuration)
            return 0
        } catch {
            say("gantryd: \(error)", to: STDERR_FILENO)
            return 1
        }
    }

    private static func run(_ invocation: Invocation, _ configuration: DaemonConfiguration) async throws {
        guard geteuid() == 0 else {
            throw ConfigurationError("gantryd needs to be started with root privileges")
        }
        prepareProcess(configuration)
        let logger = Logger(label: "gantryd")
        try makeFolder("data root", configuration.dataRoot, mode: 0o710)
        try makeFolder("exec root", configuration.execRoot, mode: 0o711)
        let pidfile = try Pidfile(configuration.effectivePidfile)
        let lock = try FolderLock(configuration.dataRoot, flag: "--data-root")
        let execLock = try FolderLock(configuration.execRoot, flag: "--exec-root")
        try ExecRoot.claim(configuration.execRoot, for: configuration.dataRoot)
        let listeners = try Listeners(configuration)
        ServiceManager.notify("STATUS=Taking back containers")
        for warning in listeners.warnings { logger.warning("\(warning)") }
        let live = LiveSettings(configuration, warnings: listeners.warnings.map { "WARNING: \($0)" })
        let engine = try await Engine(configuration, InstalledFiles(), live, logger)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await serve(engine, listeners, live, invocation, logger)) } catch { outcome = .failure(error) }
        await engine.store.close()
        _ = consume pidfile
        _ = consume lock
        _ = consume execLock
        try outcome.get()
    }

    /// Until SIGTERM or SIGINT; requests under way get `--shutdown-timeout` to end.
    private static func serve(
        _ engine: Engine, _ listeners: Listeners, _ live: LiveSettings, _ invocation: Invocation, _ logger: Logger
    ) async throws {
        let clients = ClientTable(limit: ProcessLimits.connections)
        let dump = DumpOnSignal(folder: live.configuration.execRoot, system: engine.system, clients: clients, logger: logger)
        let server = HTTPServer(listeners: listeners.all, services: engine.services, clients: clients, logger: logger) {
            live.configuration.shutdownTimeout < 0 ? nil : live.configuration.shutdownTimeout
        } onReady: { addresses in
            for address in addresses { logger.info("API listen on \(address)") }
            ServiceManager.notify("READY=1\nSTATUS=Serving \(addresses.joined(separator: ", "))")
            // Most of our code was for the start.
            gantry_unmap_files()
        }
        let watchdog = KeepAlive(period: ServiceManager.watchdogPeriod, store: engine.store, containers: engine.containers, dump: dump, logger: logger)
        // Ended in reverse order.
        var services: [(any Service, String)] = [
            (dump, "dump"), (Haste(clients: clients, logger: logger), "haste"), (Reload(invocation: invocation, live: live, engine: engine, logger: logger), "reload"),
            (Migrations(images: engine.images), "migrations"), (Sweep(check: engine.check), "sweep"), (watchdog, "watchdog"), (server, "http"),
        ]
        if let listener = listeners.metrics {
            services.append((MetricsServer(listener: listener, api: server, system: engine.system, clients: clients, logger: logger), "metrics"))
        }
        services.append((Farewell(live: live, leave: engine.containers.leave, logger: logger), "farewell"))
        let group = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0.0, serviceName: $0.1) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await ServiceGroup(configuration: group).run()
    }

    private static func makeFolder(_ name: String, _ path: String, mode: UInt32) throws(ConfigurationError) {
        do { try Files.makeDirectories(path, mode: mode) } catch { throw ConfigurationError("the \(name) can't be made: \(error)") }
    }

    private static func prepareProcess(_ configuration: DaemonConfiguration) {
        StandardErrorLog.level = configuration.effectiveLevel
        StandardErrorLog.isJSON = configuration.logFormat == "json"
        LoggingSystem.bootstrap { _ in StandardErrorLog() }
        ProcessLimits.raiseDescriptors()
        umask(0o022)
        signal(SIGPIPE, SIG_IGN)
        // Until there is something to dump, or to reload.
        signal(SIGUSR1, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
    }

    @discardableResult
    private static func say(_ text: String, to descriptor: Int32 = STDOUT_FILENO) -> Int32 {
        var line = text + "\n"
        line.withUTF8 { try? Files.writeAll(descriptor, UnsafeRawBufferPointer($0)) }
        return 0
    }
}
