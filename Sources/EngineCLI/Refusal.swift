/// The command can't do what was asked.
struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    var message: String
    /// nil: the command's own status for errors (125 for `run`, 1 for most).
    var status: Int32?

    init(_ message: String, status: Int32? = nil) {
        self.message = message
        self.status = status
    }

    var description: String { message }
}

/// Ends the command with a status and no message: all has been said.
struct Exit: Error, Sendable, Equatable {
    var status: Int32
    init(_ status: Int32) { self.status = status }
}
