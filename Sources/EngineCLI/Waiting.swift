import EngineClient
import EngineWire

/// A registered wait for a container's end.
struct Waiting: Sendable {
    private let answer: Answer

    /// Returns when the engine has registered it: an exit from then on counts.
    init(_ engine: Engine, _ id: String, _ condition: String) throws(EngineFailure) {
        answer = try engine.send(Call("POST", "/containers/\(Call.escape(id))/wait", [("condition", condition)]))
    }

    /// The container's status. Blocks.
    func status() throws -> Int32 {
        let body = try answer.json()
        let message = body["Error"]["Message"].string
        if !message.isEmpty { throw Refusal(message, status: 125) }
        return Int32(truncatingIfNeeded: body["StatusCode"].integer)
    }
}

/// Exit statuses of a command that could not be started, told by the engine's words as Docker's client does.
enum StartFailure {
    static func status(_ error: any Error) -> Int32 {
        let text = "\(error)"
        if ["executable file not found", "no such file or directory", "system cannot find the file specified"].contains(where: text.contains) { return 127 }
        if ["permission denied", "is a directory"].contains(where: text.contains) { return 126 }
        return 125
    }
}
