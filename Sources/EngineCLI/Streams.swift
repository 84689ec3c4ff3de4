import EngineClient
import EngineWire
import Glibc
import Synchronization

/// This terminal and a container's streams, joined.
struct Streams {
    let connection: Connection
    let isTerminal: Bool
    let takesInput: Bool
    /// Bytes that leave the container running and end the command; only at a terminal.
    let detachKeys: [UInt8]

    enum End { case finished, detached }

    /// Copies until the container's side ends, or the user detaches. Blocks.
    func run() throws -> End {
        let state = Detachment()
        if takesInput { startInput(state) }
        var decoder = FrameDecoder()
        while true {
            let bytes = try connection.read()
            if bytes.isEmpty { break }
            if isTerminal {
                Output.write(bytes)
            } else {
                decoder.feed(bytes)
                while let frame = decoder.next() { Output.write(frame.bytes, to: frame.stream == 2 ? STDERR_FILENO : STDOUT_FILENO) }
            }
        }
        return state.isDetached ? .detached : .finished
    }

    private func startInput(_ state: Detachment) {
        let connection = connection, keys = isTerminal ? detachKeys : []
        Thread.start {
            var matched = 0
            while true {
                var buffer = [UInt8](repeating: 0, count: 32768)
                let count = read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                var out: [UInt8] = []
                for byte in buffer[..<count] {
                    if !keys.isEmpty && byte == keys[matched] {
                        matched += 1
                        if matched == keys.count {
                            state.detach()
                            return connection.interrupt()
                        }
                        continue
                    }
                    // A key that only began like the sequence belongs to the container after all.
                    out += keys.prefix(matched)
                    matched = 0
                    out.append(byte)
                }
                guard (try? connection.write(out)) != nil else { return }
            }
            connection.endWriting()
        }
    }
}

/// Whether the user pressed the detach keys, said by one thread to another.
final class Detachment: Sendable {
    private let flag = Atomic<Bool>(false)
    var isDetached: Bool { flag.load(ordering: .acquiring) }
    func detach() { flag.store(true, ordering: .releasing) }
}
