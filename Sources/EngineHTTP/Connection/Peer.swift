import Glibc
import NIOCore

/// Who a connection's client is, for people.
enum Peer {
    /// SO_PEERCRED's answer, which Glibc's module hides.
    private struct Credentials {
        var pid: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    /// "127.0.0.1:4711", or "pid 4711, uid 0". On the channel's event loop.
    static func describe(_ channel: any Channel) -> String {
        if let address = channel.remoteAddress, let host = address.ipAddress { return "\(host):\(address.port ?? 0)" }
        guard let socket = channel as? any SocketOptionProvider else { return "" }
        let answer: EventLoopFuture<Credentials> = socket.unsafeGetSocketOption(level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        nonisolated(unsafe) var credentials = Credentials()
        // It is there already, as this is the channel's own loop.
        answer.assumeIsolated().whenSuccess { credentials = $0 }
        return credentials.pid > 0 ? "pid \(credentials.pid), uid \(credentials.user)" : ""
    }
}
