import CLauncher
import CLinux
import Glibc
import ShimProtocol

/// A process on its way from clone to exec: what its channel says, in whatever order it comes.
final class Launch {
    enum News { case pid(Int32), terminal(Int32), ready, failed(stage: Int32, code: Int32, text: String), executed }

    private let channel: Int32
    private unowned let loop: EventLoop
    private var failed = false

    /// Owns the channel. `handler` gets the news; `.failed` or `.executed` is the last.
    init(_ channel: Int32, _ loop: EventLoop, _ handler: @escaping (Launch, News) -> Void) {
        self.channel = channel
        self.loop = loop
        loop.add(channel, EventLoop.readable) { [self] _ in
            guard let news = receive() else { return }
            switch news {
            case .failed, .executed: close()
            default: break
            }
            handler(self, news)
        }
    }

    /// Lets the process go on to exec.
    func proceed() {
        var byte = UInt8(ascii: "g")
        send(channel, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    /// Gives up: the child sees the end of its channel and leaves.
    func close() {
        guard !failed else { return }
        failed = true
        loop.remove(channel)
        Glibc.close(channel)
    }

    private func receive() -> News? {
        withUnsafeTemporaryAllocation(of: gantry_report.self, capacity: 1) { report in
            var descriptor: Int32 = -1
            let raw = UnsafeMutableRawPointer(report.baseAddress!)
            let count = gantry_channel_receive(channel, raw, MemoryLayout<gantry_report>.size, &descriptor)
            switch count {
            case ..<0: return errno == EINTR || errno == EAGAIN ? nil : .executed
            case 0: return .executed
            case 1: return raw.load(as: UInt8.self) == UInt8(ascii: "t") ? .terminal(descriptor) : .ready
            case 4: return .pid(raw.load(as: Int32.self))
            default:
                let text = String(cString: raw.advanced(by: 8).assumingMemoryBound(to: CChar.self))
                return .failed(stage: report[0].stage, code: report[0].error, text: text)
            }
        }
    }
}
