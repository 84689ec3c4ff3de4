import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

// The change of a running container's log driver.
extension Supervisor {
    /// One that is being opened, and whom to tell.
    struct LogChange {
        let log: LogPump
        var client: Client
        var sequence: UInt32
    }

    /// The next line goes to another driver, or another file of the same one. Both are open at the same time: while the new
    /// one opens, lines go on to the old one, and it writes nothing before what the old one was given is written; then the
    /// answer goes out. An error leaves the old one in its place.
    func replaceLog(_ message: Message, _ client: Client) {
        let place = message.fields.string(.logState)
        if logChange?.log.stateDirectory == place {
            // A daemon that was killed meanwhile has begun it.
            logChange?.client = client
            logChange?.sequence = message.sequence
            return
        }
        finishLogChange()
        if log?.stateDirectory == place { return client.send(Message(.accepted, sequence: message.sequence)) }
        guard let first, first.exitCode == nil else {
            return client.send(Self.failed(message.sequence, 0, ESRCH, "the container is not running"))
        }
        do throws(EngineError) {
            guard let next = try LogPump(message.fields, loop) else { throw EngineError(.invalidArgument, "no log driver is named", errno: EINVAL) }
            logChange = LogChange(log: next, client: client, sequence: message.sequence)
            next.whenOpen { [self] in finishLogChange() }
        } catch {
            client.send(Self.failed(message.sequence, 0, error.errno ?? EIO, error.message))
        }
    }

    /// Waits for the new driver to be open.
    private func finishLogChange() {
        guard let change = logChange else { return }
        logChange = nil
        let former = log
        do throws(EngineError) { try change.log.begin(after: former) } catch {
            return change.client.send(Self.failed(change.sequence, 0, error.errno ?? EIO, error.message))
        }
        log = change.log
        change.log.onWrite = { [self] in logMoved() }
        FailPoint.after("shim.log.replace")
        first?.resume()
        let answer = { [self] in
            change.client.send(Message(.accepted, sequence: change.sequence))
            // Readers look for what comes after the old one.
            logMoved()
        }
        guard let former else { return answer() }
        former.whenOver { [self] in
            lostLines += former.lost
            answer()
        }
    }

    /// The container has ended.
    func closeLog() {
        if let change = logChange {
            change.log.giveUp()
            change.client.send(Self.failed(change.sequence, 0, ESRCH, "the container is not running"))
            logChange = nil
        }
        log?.close()
        lostLines += log?.lost ?? 0
        log = nil
    }
}
