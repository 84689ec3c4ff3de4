@testable import ContainerRuntime
import Glibc
import LinuxSystem
import ShimProtocol
import TestSupport
import Synchronization

/// Answers as a shim of an earlier version did, with the bytes that one sent. What its version does not know ends the
/// connection, as it did then.
final class EarlierShim: Sendable {
    private let recording: Recording
    private let listener: Int32
    private let pid: Int32
    private let state = Mutex((client: nil as Int32?, unknown: 0))

    /// - Parameter pid: of what plays the container's first process.
    init(_ recording: Recording, folder: String, pid: Int32) throws {
        self.recording = recording
        self.pid = pid
        try Files.makeDirectories(folder)
        listener = try ShimSocket.listen(in: folder).take()
        _ = OwnThread.start("earlier-shim") { self.run() }
    }

    /// Messages of kinds that the version does not have.
    var unknown: Int { state.withLock { $0.unknown } }

    private func run() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            serve(ShimClient(descriptor), descriptor)
        }
    }

    private func serve(_ client: ShimClient, _ descriptor: Int32) {
        state.withLock { $0.client = descriptor }
        while let message = try? client.receive() {
            switch message.kind {
            case .subscribe: answer(client, message, recording.messages(.state)[1].fields.rewritten { tag, value in tag == .pid ? number(pid) : value }, .state)
            case .resize: answer(client, message, Fields(), .accepted)
            case .replaceLog where recording.version >= 2: answer(client, message, Fields(), .accepted)
            default:
                state.withLock { $0.unknown += 1 }
                return
            }
        }
        state.withLock { $0.client = nil }
    }

    private func answer(_ client: ShimClient, _ message: Message, _ fields: Fields, _ kind: Message.Kind) {
        client.send(Message(kind, version: recording.version, sequence: message.sequence, fields))
    }

    private func number(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }

    /// The container's end, as it was recorded: first its exec's, then its own, then the shim's.
    func end() {
        guard let descriptor = state.withLock({ $0.client }) else { return }
        for message in recording.messages(.exited).suffix(2) {
            _ = message.encoded().withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
