/// What the caller asked for.
struct Settings: Sendable {
    /// Of each instance that is opened.
    var options: [String: String] = [:]
    /// Of each network or volume that is made.
    var objectOptions: [String: String] = [:]
    /// Folder in which the checks get theirs; nil: one below /var/tmp.
    var place: String?
    /// Names, or beginnings of names up to a dot; empty: all.
    var only: [String] = []
    var isJSON = false
    var lists = false
    /// Of a child: which check, or which actor.
    var check: String?
    var actor: String?
    var folder: String?
    var seed: UInt64?
    var describes = false
    /// For `make bench`: what a call costs.
    var times = false

    /// As arguments again, for a child.
    var arguments: [String] {
        options.sorted { $0.key < $1.key }.flatMap { ["--option", "\($0.key)=\($0.value)"] }
            + objectOptions.sorted { $0.key < $1.key }.flatMap { ["--object-option", "\($0.key)=\($0.value)"] }
    }

    func wants(_ check: Check) -> Bool { only.isEmpty || only.contains { check.name == $0 || check.name.hasPrefix("\($0).") } }
}
