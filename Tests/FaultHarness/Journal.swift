import EngineWire
import Glibc
import LinuxSystem
import Synchronization

/// What was asked of an engine and what it answered, one line each, written before the call and after its answer:
///
///     begin 17 {"verb":"start",…}      done 17 {…}      failed 17 409 sentence      lost 17      cut      doubt      strike 5, struck 5
///
/// The lines are the truth; the model is what they add up to.
public final class Journal: Sendable {
    private let state: Mutex<Model>
    private let descriptor: Int32

    /// - Parameters:
    ///   - path: where lines are added; nil: nowhere, "-": stdout.
    ///   - history: a journal that this one goes on from; nil: `path` itself.
    /// - Throws: `Errno`.
    public init(_ path: String?, history: String? = nil) throws {
        var model = Model()
        if let old = history ?? path, old != "-", Files.exists(old) { model = try Self.replay(old) }
        state = Mutex(model)
        guard let path else {
            descriptor = -1
            return
        }
        descriptor = path == "-" ? 1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Errno(errno, "open \(path)") }
    }

    deinit { if descriptor > 1 { close(descriptor) } }

    /// The model that a journal's lines add up to. A last line that was cut off counts as not written.
    public static func replay(_ path: String) throws -> Model {
        var model = Model()
        let lines = String(decoding: try Files.read(path), as: UTF8.self).split(whereSeparator: \.isNewline)
        for line in lines { model.apply(String(line)) }
        return model
    }

    public var model: Model { state.withLock { $0 } }

    /// Writes that an operation begins.
    /// - Returns: its number, and what was known then.
    func begin(_ operation: Operation) -> (number: Int, model: Model) {
        state.withLock { model in
            let number = model.lastNumber + 1
            write("begin \(number) \(text(operation.json))")
            model.begin(number, operation)
            return (number, model)
        }
    }

    func done(_ number: Int, _ answer: JSONValue) { add("done \(number) \(text(answer))") { $0.done(number, answer) } }
    func failed(_ number: Int, status: Int, _ message: String) {
        add("failed \(number) \(status) \(message.replacing("\n", with: " "))") { $0.failed(number, status: status, message) }
    }
    func lost(_ number: Int) { add("lost \(number)") { $0.lost(number) } }
    /// The daemon does not answer, or answers again: for readers only.
    func note(_ text: String) { state.withLock { _ in write("note \(text)") } }
    /// Kills a container's shim, by `kill`.
    public func strike(_ number: Int, _ kill: () -> Void) {
        add("strike \(number)") { $0.strike(number) }
        kill()
        add("struck \(number)") { $0.struck(number) }
    }
    public func cut() { add("cut") { $0.cut() } }
    public func doubt() { add("doubt") { $0.doubt() } }

    private func add(_ line: String, _ change: (inout Model) -> Void) {
        state.withLock { model in
            write(line)
            change(&model)
        }
    }

    private func write(_ line: String) {
        guard descriptor >= 0 else { return }
        let bytes = Array((line + "\n").utf8)
        bytes.withUnsafeBytes { room in try? Files.writeAll(descriptor, room) }
    }

    private func text(_ value: JSONValue) -> String { String(decoding: value.encoded(), as: UTF8.self) }
}

extension Model {
    mutating func apply(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        if words[0] == "cut" { return cut() }
        if words[0] == "doubt" { return doubt() }
        guard words.count > 1, let number = Int(words[1]) else { return }
        let rest = words.count > 2 ? words[2] : ""
        let json = (try? JSONValue(parsing: Array(rest.utf8))) ?? .null
        switch words[0] {
        case "begin": if let operation = Operation(json) { begin(number, operation) }
        case "done": if json != .null { done(number, json) }
        case "failed":
            let parts = rest.split(separator: " ", maxSplits: 1)
            if let status = parts.first.flatMap({ Int($0) }) { failed(number, status: status, parts.count > 1 ? String(parts[1]) : "") }
        case "lost": lost(number)
        case "strike": strike(number)
        case "struck": struck(number)
        default: break
        }
    }
}
