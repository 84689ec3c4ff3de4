import DriverKit
import Glibc

/// One container's lines on their way to a syslog server.
///
/// While the server is away up to 1 MiB waits here, the oldest goes first; a write waits for the server for two
/// seconds at most, and then only once a second.
final class Syslog: LogDriver {
    private static let patience = 1 << 20

    private let options: SyslogOptions
    private let message: SyslogMessage
    private var connection: SyslogConnection?
    private var waiting: [[UInt8]] = []
    private var waitingBytes = 0
    private var nextTry: Int64 = 0

    init(_ context: OpenContext) throws {
        options = try SyslogOptions(context)
        message = SyslogMessage(options)
        // A server that isn't there now is a mistake in the options more often than not.
        if !context.readOnly { connection = try SyslogConnection(options.address) }
    }

    func write(_ batch: LogBatch) throws {
        for line in batch { keep(message.encoded(line)) }
        try send()
    }

    func flush() throws {
        nextTry = 0
        try send()
    }

    func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        throw DriverError(ENOTSUP, "the log driver syslog can't read back what it sent")
    }

    func close() { connection = nil }

    private func keep(_ bytes: [UInt8]) {
        waiting.append(bytes)
        waitingBytes += bytes.count
        while waitingBytes > Self.patience { waitingBytes -= waiting.removeFirst().count }
    }

    private func send() throws {
        if connection == nil {
            let now = Self.seconds()
            guard now >= nextTry else { return }
            nextTry = now + 1
            connection = try SyslogConnection(options.address)
        }
        var sent = 0
        defer {
            waitingBytes -= waiting[..<sent].reduce(0) { $0 + $1.count }
            waiting.removeFirst(sent)
        }
        var isFresh = false
        while sent < waiting.count {
            if connection?.send(waiting[sent]) ?? false {
                sent += 1
                continue
            }
            connection = nil
            // Servers restart: one more try at once, with the line that failed.
            guard !isFresh else { return }
            isFresh = true
            connection = try SyslogConnection(options.address)
        }
    }

    private static func seconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec)
    }
}
