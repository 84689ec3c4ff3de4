import CLinux
import DriverHost
import EngineErrors
import Glibc
import LinuxSystem

/// Attach with `logs`: what was logged comes first, then the live stream, through one socket.
enum LogReplay {
    /// Takes `live`. - Returns: the socket for the client.
    static func start(_ log: any LogStream, before live: Int32, isTerminal: Bool) throws(EngineError) -> Int32 {
        let ends: (Int32, Int32)
        do { ends = try StreamSockets.pair() } catch {
            close(live)
            throw EngineError(.resourceExhausted, "no socket for the attached streams: \(error)", errno: error.code)
        }
        let feeding = Task {
            defer {
                shutdown(ends.1, Int32(SHUT_RDWR))
                close(ends.1)
                close(live)
            }
            while let records = try await log.next() {
                let bytes = records.flatMap { frame($0, isTerminal: isTerminal) }
                try await OwnThread.run { try send(bytes, to: ends.1) }
            }
            await log.close()
            // A thread for as long as the client stays: none of those that others share.
            try await OwnThread.run { relay(ends.1, live) }
        }
        _ = feeding
        return ends.0
    }

    private static func send(_ bytes: [UInt8], to socket: Int32) throws {
        var failure: Errno?
        bytes.withUnsafeBytes { buffer in
            do throws(Errno) { try Files.writeAll(socket, buffer, "attached stream") } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static func frame(_ record: LogRecord, isTerminal: Bool) -> [UInt8] {
        let text = record.bytes + (record.isPartial ? [] : [0x0a])
        guard !isTerminal else { return text }
        let length = UInt32(text.count)
        return [record.isStderr ? 2 : 1, 0, 0, 0, UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)] + text
    }

    /// Copies both ways until the live side ends, or the client has gone.
    private static func relay(_ client: Int32, _ live: Int32) {
        var ends = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: live, events: Int16(POLLIN), revents: 0)]
        while poll(&ends, 2, -1) >= 0 {
            // One that says no more may still listen; this one has closed its connection.
            if ends[0].events == 0 && ends[0].revents & Int16(POLLHUP) != 0 { return }
            if ends[0].revents != 0 && !copy(client, live) {
                shutdown(live, Int32(SHUT_WR))
                ends[0].events = 0
            }
            if ends[1].revents != 0 && !copy(live, client) { return }
        }
    }

    private static func copy(_ from: Int32, _ to: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            let count = read(from, buffer.baseAddress, buffer.count)
            guard count > 0 else { return false }
            do throws(Errno) { try Files.writeAll(to, UnsafeRawBufferPointer(rebasing: buffer[..<count])) } catch { return false }
            return true
        }
    }
}
