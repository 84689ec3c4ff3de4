import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

// What daemons and attached clients ask for.
extension Supervisor {
    func accept(_ descriptor: Int32) {
        let client = Client(descriptor, loop)
        daemons.append(client)
        client.onInput = { [self] client, bytes in
            client.decoder.feed(bytes)
            receive(client)
        }
        client.onDrain = { [self] _ in leaveIfDone() }
        client.onClose = { [self] client in
            daemons.removeAll { $0 === client }
            if client === creator { creatorLeft() }
            leaveIfDone()
        }
    }

    private func receive(_ client: Client) {
        do {
            while case .messages = client.role, !client.isClosed, let message = try client.decoder.next() {
                client.version = message.version
                handle(message, client)
            }
        } catch {
            client.close()
        }
    }

    private func handle(_ message: Message, _ client: Client) {
        switch message.kind {
        case .create: create(message, client)
        case .start: startAsked(message)
        case .attach: attach(message, client)
        case .exec: exec(message, client)
        case .resize: resize(message, client)
        case .closeInput: process(message.fields.string(.process))?.closeInput()
        case .subscribe: subscribe(message, client)
        case .replaceLog: replaceLog(message, client)
        default: client.send(Self.failed(message.sequence, 0, EPROTO, "this container's shim, which speaks version \(shimProtocolVersion), does not know the request"))
        }
    }

    private func process(_ id: String) -> ContainerProcess? { id.isEmpty ? first : execs[id] }

    /// Says how everything is, and from now on what happens.
    private func subscribe(_ message: Message, _ client: Client) {
        client.wantsEvents = !message.fields.flag(.wantsOutput)
        client.wantsLogged = message.fields.flag(.wantsOutput)
        var fields = Fields()
        fields.add(.version, Int64(shimProtocolVersion))
        fields.add(.pid, Int64(first?.pid ?? 0))
        fields.add(.running, first?.exitCode == nil)
        fields.add(.started, start.time)
        fields.add(.logState, log?.stateDirectory ?? "")
        if let code = first?.exitCode {
            fields.add(.code, Int64(code))
            fields.add(.time, ended)
            if client.wantsEvents { isEndKnown = true }
        }
        for process in execs.values { fields.add(.kind, Self.state(of: process)) }
        for process in endedExecs { fields.add(.kind, process) }
        client.send(Message(.state, sequence: message.sequence, fields))
    }

    static func state(of process: ContainerProcess) -> Fields {
        var group = Fields()
        group.add(.process, process.id)
        group.add(.pid, Int64(process.pid))
        group.add(.note, process.note)
        if let code = process.exitCode { group.add(.code, Int64(code)) } else { group.add(.running, true) }
        return group
    }

    private func resize(_ message: Message, _ client: Client) {
        let fields = message.fields
        let size = (UInt16(truncatingIfNeeded: fields.number(.rows)), UInt16(truncatingIfNeeded: fields.number(.columns)))
        let done = process(fields.string(.process))?.resize(rows: size.0, columns: size.1) ?? false
        client.send(done ? Message(.accepted, sequence: message.sequence) : Self.failed(message.sequence, 0, ENOTTY, "no terminal"))
    }

    private func attach(_ message: Message, _ client: Client) {
        guard let process = process(message.fields.string(.process)) else {
            return client.send(Self.failed(message.sequence, 0, ESRCH, "no such process"))
        }
        client.send(Message(.accepted, sequence: message.sequence))
        becomeStream(client, process, message.fields)
    }

    func becomeStream(_ client: Client, _ process: ContainerProcess, _ fields: Fields) {
        daemons.removeAll { $0 === client }
        client.role = .stream(wantsInput: fields.flag(.wantsInput), wantsOutput: fields.flag(.wantsOutput), wantsError: fields.flag(.wantsError))
        process.attach(client)
        if !client.isClosed { attached.append(client) }
        let close = client.onClose
        client.onClose = { [self] client in
            close(client)
            attached.removeAll { $0 === client }
            leaveIfDone()
        }
        let early = client.decoder.rest
        if !early.isEmpty { early.withUnsafeBytes { client.onInput(client, $0) } }
    }

    /// Whoever was attached to a process's input went without a word. A daemon that lives says what that means; without
    /// one it was the daemon that went, and the process waits for the next.
    func inputLost(_ process: ContainerProcess) {
        let listeners = daemons.filter(\.wantsEvents)
        var fields = Fields()
        fields.add(.process, process.id)
        for daemon in listeners where daemon.version >= 3 { daemon.send(Message(.inputLost, fields)) }
        if listeners.contains(where: { $0.version < 3 }) { process.closeInput() }
    }

    // MARK: news

    func tellExited(_ id: String, _ code: Int32, _ time: Int64) {
        var fields = Fields()
        fields.add(.process, id)
        fields.add(.code, Int64(code))
        fields.add(.time, time)
        if id.isEmpty && lostLines > 0 { fields.add(.lostLines, Int64(lostLines)) }
        for client in daemons where client.wantsEvents { client.send(Message(.exited, fields)) }
    }

    func logMoved() {
        tellLogged()
        first?.resume()
    }

    /// A reader that has not taken the last one needs no other.
    private func tellLogged() {
        for client in daemons where client.wantsLogged && client.pending == 0 { client.send(Message(.logged)) }
    }

    static func pid(_ pid: Int32) -> Fields {
        var fields = Fields()
        fields.add(.pid, Int64(pid))
        return fields
    }

    static func failed(_ sequence: UInt32, _ stage: Int32, _ code: Int32, _ text: String) -> Message {
        var fields = Fields()
        fields.add(.stage, Int64(stage))
        fields.add(.code, Int64(code))
        fields.add(.text, text)
        return Message(.failed, sequence: sequence, fields)
    }
}
