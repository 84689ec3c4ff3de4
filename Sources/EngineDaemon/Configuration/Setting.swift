import EngineModel

/// A value that somebody gave to a directive.
enum Setting: Sendable, Equatable {
    case text(String), number(Int), toggle(Bool), list([String]), pairs([String: String])
    /// Bytes.
    case size(Int64)
    case ulimits([String: Ulimit])

    /// A flag that may be repeated adds to what came before; any other replaces it.
    func adding(_ next: Setting) -> Setting {
        switch (self, next) {
        case (.list(let a), .list(let b)): .list(a + b)
        case (.pairs(let a), .pairs(let b)): .pairs(a.merging(b) { $1 })
        case (.ulimits(let a), .ulimits(let b)): .ulimits(a.merging(b) { $1 })
        default: next
        }
    }
}

extension Setting: CustomStringConvertible {
    /// As Go prints it, which is how Docker's messages show values.
    var description: String {
        switch self {
        case .text(let value): value
        case .number(let value): "\(value)"
        case .size(let value): "\(value)"
        case .toggle(let value): "\(value)"
        case .list(let values): "[\(values.joined(separator: " "))]"
        case .pairs(let values): "map[\(values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " "))]"
        case .ulimits(let values):
            "[\(values.values.sorted { $0.name < $1.name }.map { "\($0.name)=\($0.soft):\($0.hard)" }.joined(separator: " "))]"
        }
    }
}
