import CLauncher
import CLinux
import Glibc
import LinuxSystem
import ShimProtocol

/// A process in the container, the first ("") or an exec: its streams and who is attached to them.
final class ContainerProcess {
    let id: String
    private(set) var pid: Int32 = 0
    /// What whoever asked for the process wants to find again.
    let note: [UInt8]
    private unowned let loop: EventLoop
    private let logSource: () -> LogPump?
    private var log: LogPump? { logSource() }
    private let inputLost: (ContainerProcess) -> Void
    /// It has executed; until then its end is told by its launch.
    var isStarted = false
    /// Attached input's end ends the process's input. A terminal's never ends: whoever detaches may come back.
    private let inputOnce: Bool
    private let isTerminal: Bool

    private var input: Int32 = -1
    private var inputPending: [UInt8] = []
    private var inputCloses = false
    private var terminal: Int32 = -1
    private var outputs: [OutputStream] = []
    private(set) var clients: [Client] = []
    private(set) var exitCode: Int32?
    private var isPaused = false

    /// - Parameter inputLost: called when a client that gave it input closes its connection without ending the input.
    init(id: String, _ fields: Fields, loop: EventLoop, log: @escaping () -> LogPump?, inputLost: @escaping (ContainerProcess) -> Void) {
        self.id = id
        self.loop = loop
        logSource = log
        self.inputLost = inputLost
        note = Array(fields.all(.note).last ?? [])
        isTerminal = fields.flag(.terminal)
        inputOnce = fields.flag(.inputOnce) && !isTerminal
    }

    /// Makes the pipes and starts the process through `launch`, which gets the child's ends in the structure.
    func launch(_ plan: inout gantry_process, openInput: Bool, _ launch: (inout gantry_process) throws(Errno) -> Int32) throws(Errno) {
        guard !isTerminal else {
            pid = try launch(&plan)
            return
        }
        var childEnds: [Int32] = []
        defer { for end in childEnds { Glibc.close(end) } }
        plan.input = openInput ? try pipe(childReads: true, &childEnds) { input = $0 } : try null(&childEnds)
        plan.output = try pipe(childReads: false, &childEnds) { outputs.append(OutputStream($0, number: 1)) }
        plan.error = try pipe(childReads: false, &childEnds) { outputs.append(OutputStream($0, number: 2)) }
        pid = try launch(&plan)
        for stream in outputs { loop.add(stream.descriptor, EventLoop.readable) { [self] _ in pump(stream) } }
        if input >= 0 { loop.add(input, 0) { [self] in inputReady($0) } }
    }

    func setPID(_ pid: Int32) { self.pid = pid }

    /// The pty's master, which the child made.
    func adoptTerminal(_ master: Int32) {
        _ = fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK)
        terminal = master
        input = master
        let stream = OutputStream(master, number: 1)
        outputs = [stream]
        loop.add(master, EventLoop.readable) { [self] events in
            if events & EventLoop.writable != 0 { inputReady(events) }
            if events & (EventLoop.readable | EventLoop.hungUp) != 0 { pump(stream) }
        }
        updateInterest()
    }

    func resize(rows: UInt16, columns: UInt16) -> Bool {
        terminal >= 0 && gantry_set_winsize(terminal, rows, columns) == 0
    }

    // MARK: clients

    func attach(_ client: Client) {
        clients.append(client)
        client.process = self
        client.onInput = { [self] client, bytes in write(bytes, from: client) }
        client.onInputEnd = { [self] client in
            if case .stream(wantsInput: true, _, _) = client.role, inputOnce { closeInput() }
        }
        client.onDrain = { [self] _ in resume() }
        client.onClose = { [self] client in
            clients.removeAll { $0 === client }
            if case .stream(wantsInput: true, _, _) = client.role, inputOnce, exitCode == nil, !inputCloses { inputLost(self) }
            resume()
        }
        if exitCode != nil { client.finish() }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, from client: Client) {
        guard case .stream(wantsInput: true, _, _) = client.role, input >= 0, !inputCloses else { return }
        inputPending += bytes
        flushInput()
        if !inputPending.isEmpty { for client in clients { client.holdInput(true) } }
    }

    func closeInput() {
        inputCloses = true
        flushInput()
    }

    private func inputReady(_ events: UInt32) {
        flushInput()
        // The reader's end is gone.
        if !isTerminal && events & EventLoop.hungUp != 0 { dropInput() }
    }

    private func flushInput() {
        guard input >= 0 else { return }
        while !inputPending.isEmpty {
            let count = inputPending.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            if count < 0 { inputPending.removeAll() } else { inputPending.removeFirst(count) }
        }
        if inputPending.isEmpty {
            for client in clients { client.holdInput(false) }
            if inputCloses { return dropInput() }
        }
        updateInterest()
    }

    private func dropInput() {
        guard input >= 0, !isTerminal else { return }
        loop.remove(input)
        Glibc.close(input)
        input = -1
        inputPending = []
        for client in clients { client.holdInput(false) }
    }

    // MARK: output

    private func pump(_ stream: OutputStream) {
        // An exec's first words may be here in the same moment as the news that it runs, which makes its client a
        // reader: they wait for him.
        if !id.isEmpty && !isStarted { return }
        if case .ended = advance(stream) { drop(stream) }
        if clients.contains(where: { $0.pending > Client.highWater }) || log?.isFull == true {
            isPaused = true
            updateInterest()
        }
    }

    private func advance(_ stream: OutputStream) -> OutputStream.Outcome {
        stream.read(log: log) { bytes in
            for client in clients {
                guard case .stream(_, let wantsOutput, let wantsError) = client.role else { continue }
                guard stream.number == 1 ? wantsOutput : wantsError else { continue }
                if !isTerminal { withFrame(stream.number, bytes.count) { client.send($0) } }
                client.send(bytes)
            }
        }
    }

    /// Docker's frame: stream, three zeros, length in network order.
    private func withFrame(_ stream: UInt16, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        var header = (UInt32(stream).littleEndian, UInt32(count).bigEndian)
        withUnsafeBytes(of: &header, body)
    }

    private func drop(_ stream: OutputStream) {
        loop.remove(stream.descriptor)
        Glibc.close(stream.descriptor)
        if isTerminal {
            terminal = -1
            input = -1
        }
    }

    /// A client, or the log, has taken what it had: reads on when none is behind.
    func resume() {
        guard isPaused, !clients.contains(where: { $0.pending > Client.lowWater }), log?.isFull != true else { return }
        isPaused = false
        updateInterest()
    }

    private func updateInterest() {
        let write = inputPending.isEmpty ? 0 : EventLoop.writable
        for stream in outputs where stream.isOpen {
            loop.set(stream.descriptor, (isPaused ? 0 : EventLoop.readable) | (stream.descriptor == input ? write : 0))
        }
        if input >= 0 && input != terminal { loop.set(input, write) }
    }

    // MARK: the end

    /// The process was reaped: what it wrote goes to the log, whose queue has room for it, and to its clients, of whom
    /// none can keep it from the others.
    func exited(_ code: Int32) {
        exitCode = code
        dropInput()
        for stream in outputs where stream.isOpen { drain(stream) }
        for client in clients { client.finish() }
    }

    /// Reads no more than the stream can hold: others may have it open and write on, and their output belongs to nobody.
    private func drain(_ stream: OutputStream) {
        var left = stream.room
        while left > 0, case .data(let count) = advance(stream) { left -= count }
        stream.end(log)
        drop(stream)
    }

    private func pipe(childReads: Bool, _ childEnds: inout [Int32], _ keep: (Int32) -> Void) throws(Errno) -> Int32 {
        var ends: [Int32] = [0, 0]
        try Errno.check("pipe", pipe2(&ends, O_CLOEXEC))
        let (child, own) = childReads ? (ends[0], ends[1]) : (ends[1], ends[0])
        _ = fcntl(own, F_SETFL, O_NONBLOCK)
        childEnds.append(child)
        keep(own)
        return child
    }

    private func null(_ childEnds: inout [Int32]) throws(Errno) -> Int32 {
        let descriptor = try Files.open("/dev/null", O_RDWR).take()
        childEnds.append(descriptor)
        return descriptor
    }
}
