import Logging

/// Docker's names of log levels.
enum Levels {
    static let names: [(name: String, level: Logger.Level)] = [
        ("trace", .trace), ("debug", .debug), ("info", .info), ("warn", .warning), ("error", .error), ("fatal", .critical),
    ]
    static var list: String { names.map(\.name).joined(separator: ", ") }

    static func level(_ name: String) -> Logger.Level? { names.first { $0.name == name }?.level }
    static func name(_ level: Logger.Level) -> String { names.first { $0.level == level }?.name ?? "info" }
}
