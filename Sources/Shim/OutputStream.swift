import CDriverABI
import CLinux
import DriverHost
import DriverKit
import Glibc

/// One of a process's output streams: its bytes go to the log as lines and to the attached clients as they come.
final class OutputStream {
    /// Docker's limit: a longer line is logged in parts.
    static let longestPart = 16 << 10
    private static let capacity = 32 << 10

    /// 1: stdout, also of a terminal; 2: stderr.
    let number: UInt16
    let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: OutputStream.capacity, alignment: 16)
    private var held = 0
    private(set) var isOpen = true

    /// Owns the descriptor, which does not block.
    init(_ descriptor: Int32, number: UInt16) {
        self.descriptor = descriptor
        self.number = number
    }

    deinit { buffer.deallocate() }

    enum Outcome { case data(Int), empty, ended }

    /// Bytes that may wait in it; a terminal holds fewer than a pipe usually does.
    var room: Int { max(Int(gantry_pipe_size(descriptor)), 64 << 10) }

    /// Reads once. `raw` gets the new bytes, `log` the lines that are whole now.
    func read(log: LogPump?, raw: (UnsafeRawBufferPointer) -> Void) -> Outcome {
        if log == nil { held = 0 }
        let count = Glibc.read(descriptor, buffer.baseAddress! + held, buffer.count - held)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return errno == EINTR ? .data(0) : .empty }
        // A terminal whose other end is closed by all says EIO.
        if count <= 0 {
            end(log)
            return .ended
        }
        raw(UnsafeRawBufferPointer(start: buffer.baseAddress! + held, count: count))
        held += count
        if let log { cut(log) }
        return .data(count)
    }

    /// Logs what is left as a line of its own.
    func end(_ log: LogPump?) {
        guard isOpen else { return }
        isOpen = false
        if let log, held > 0 { log.write([line(0, held, partial: false)]) }
        held = 0
    }

    private func cut(_ log: LogPump) {
        var lines: [gantry_log_line] = []
        var start = 0
        while start < held {
            let newline = memchr(buffer.baseAddress! + start, 0x0a, held - start)
            let end = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(buffer.baseAddress!) } ?? held
            if end - start > Self.longestPart {
                lines.append(line(start, Self.longestPart, partial: true))
                start += Self.longestPart
            } else if newline != nil {
                lines.append(line(start, end - start, partial: false))
                start = end + 1
            } else if end - start == Self.longestPart {
                lines.append(line(start, Self.longestPart, partial: true))
                start = end
            } else {
                break
            }
        }
        if !lines.isEmpty { log.write(lines) }
        if start > 0 {
            memmove(buffer.baseAddress!, buffer.baseAddress! + start, held - start)
            held -= start
        }
    }

    private func line(_ start: Int, _ count: Int, partial: Bool) -> gantry_log_line {
        var line = gantry_log_line()
        line.data = gantry_bytes(ptr: UnsafeRawPointer(buffer.baseAddress! + start), len: count)
        line.stream = number
        line.flags = partial ? UInt16(GANTRY_LINE_PARTIAL) : 0
        return line
    }
}
