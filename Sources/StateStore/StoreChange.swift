/// What a write is about: "save container 0123…".
struct StoreChange: CustomStringConvertible {
    var verb: String
    /// The kind of the record, or the key of the setting.
    var subject: String
    var id: String

    init(_ verb: String, _ subject: String = "", _ id: String = "") {
        self.verb = verb
        self.subject = subject
        self.id = id
    }

    var description: String { [verb, subject, id].filter { !$0.isEmpty }.joined(separator: " ") }
    /// For the fail points, "save.container".
    var point: String { "\(verb).\(subject)" }
}
