import CLinux
import EngineCore
import EngineHTTP
import Glibc
import LinuxSystem
import Logging
import ServiceLifecycle

/// On SIGUSR1, writes what the engine does now to a file in the exec root and logs its name, as Docker does.
///
/// By a handler and a thread of its own: it works when no task runs any more.
struct DumpOnSignal: Service {
    let folder: String
    let system: any SystemService
    let clients: ClientTable
    let logger: Logger

    /// What the handler writes to. Set once, before the handler is.
    nonisolated(unsafe) private static var bell: Int32 = -1

    func run() async throws {
        Self.bell = eventfd(0, Int32(EFD_CLOEXEC))
        if Self.bell < 0 || OwnThread.start("dump", listen) != 0 {
            logger.warning("SIGUSR1 writes no dump: there is no descriptor or no thread for it")
        } else {
            signal(SIGUSR1) { _ in
                var one: UInt64 = 1
                _ = Glibc.write(DumpOnSignal.bell, &one, 8)
            }
        }
        try? await gracefulShutdown()
    }

    @Sendable private func listen() {
        var count: UInt64 = 0
        while read(Self.bell, &count, 8) == 8 { write() }
    }

    /// Also asked for when the engine does not answer in time.
    func write() {
        let path = "\(folder)/dump-\(Self.time).txt"
        do throws(Errno) {
            try Files.replace(path, with: Array(DumpBody.text(system.dump(), clients).utf8), mode: 0o600)
            logger.notice("what the engine does now was written to \(path)")
        } catch {
            logger.error("what the engine does now can't be written", metadata: ["error": "\(error)"])
        }
    }

    /// As it may stand in a file's name: "20261127T170000Z".
    private static var time: String {
        var now = Glibc.time(nil), parts = tm(), buffer = [CChar](repeating: 0, count: 32)
        gmtime_r(&now, &parts)
        strftime(&buffer, buffer.count, "%Y%m%dT%H%M%SZ", &parts)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
