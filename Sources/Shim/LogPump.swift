import CDriverABI
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import ShimProtocol

/// The container's log driver, called on the shim's own thread.
final class LogPump {
    private let driver: any LogDriver
    /// Called after lines were written.
    var onWrite: () -> Void = {}
    private(set) var failures = 0
    private(set) var lastFailure = ""

    /// Loads and opens the driver that the `create` message names; nil when it names none.
    init?(_ fields: Fields) throws(EngineError) {
        let path = fields.string(.logDriver)
        guard !path.isEmpty else { return nil }
        let context = OpenContext(
            name: fields.string(.logName), stateDirectory: fields.string(.logState), mark: fields.string(.mark),
            options: Self.pairs(fields.strings(.logOption)), labels: Self.pairs(fields.strings(.logLabel)))
        let checks = fields.flag(.checksOwnership), host = fields.string(.logHost)
        driver =
            host.isEmpty
            ? try LoadedLogDriver(Loader.load(path, checksOwnership: checks), context)
            : try HostedLogDriver(program: host, path: path, checksOwnership: checks, context)
    }

    /// Stamps the lines and writes them. A driver that fails loses them: the container must not stop for its log.
    func write(_ lines: [gantry_log_line]) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
        var stamped = lines
        for index in stamped.indices { stamped[index].time_ns = time }
        do {
            try stamped.withUnsafeBufferPointer { try driver.write(LogBatch(raw: $0)) }
        } catch {
            failures += lines.count
            lastFailure = "\(error)"
        }
        onWrite()
    }

    func close() {
        do { try driver.flush() } catch { lastFailure = "\(error)" }
        driver.close()
    }

    /// "key=value".
    private static func pairs(_ texts: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for text in texts {
            guard let sign = text.firstIndex(of: "=") else { continue }
            result[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        return result
    }
}
