import EngineModel

/// One thing that can be configured: its flag, its key in the file and the field that it sets.
struct Directive: Sendable {
    typealias Path<Value> = any WritableKeyPath<DaemonConfiguration, Value> & Sendable

    enum Field: Sendable {
        case text(Path<String>), number(Path<Int>), toggle(Path<Bool>), list(Path<[String]>), pairs(Path<[String: String]>)
        case size(Path<Int64>), ulimits(Path<[String: Ulimit]>)
        /// Only on the command line, and no part of the configuration.
        case commandText, commandToggle
    }

    var flag: String
    var short: Character?
    /// In the file; nil: only a flag.
    var key: String?
    var field: Field
    var summary: String

    init(_ flag: String, short: Character? = nil, key: String? = nil, _ field: Field, _ summary: String) {
        self.flag = flag
        self.short = short
        self.field = field
        self.summary = summary
        switch field {
        case .commandText, .commandToggle: self.key = nil
        default: self.key = key ?? flag
        }
    }

    var isToggle: Bool {
        switch field {
        case .toggle, .commandToggle: true
        default: false
        }
    }

    /// As an error names it: "-H, --host".
    var flagName: String { short.map { "-\($0), --\(flag)" } ?? "--\(flag)" }

    /// Must fit the field, which the parser of flags and that of the file see to.
    /// Any other flag may be repeated: the last one counts.
    var namesDefaultDriver: Bool { ["storage-driver", "log-driver"].contains(flag) }

    func apply(_ setting: Setting, to configuration: inout DaemonConfiguration) {
        switch (field, setting) {
        case (.text(let path), .text(let value)): configuration[keyPath: path] = value
        case (.number(let path), .number(let value)): configuration[keyPath: path] = value
        case (.toggle(let path), .toggle(let value)): configuration[keyPath: path] = value
        case (.list(let path), .list(let value)): configuration[keyPath: path] = value
        case (.pairs(let path), .pairs(let value)): configuration[keyPath: path] = value
        case (.size(let path), .size(let value)): configuration[keyPath: path] = value
        case (.ulimits(let path), .ulimits(let value)): configuration[keyPath: path] = value
        default: break
        }
    }
}
