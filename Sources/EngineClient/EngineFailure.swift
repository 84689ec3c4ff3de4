/// Why a call of the engine failed. The descriptions are the sentences that users of Docker know.
public enum EngineFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The engine answered with an error.
    case answer(status: Int, message: String)
    /// Nobody listens there.
    case unreachable(endpoint: String)
    /// It can't be reached for another reason.
    case connection(endpoint: String, reason: String)
    /// The connection broke, or what came was no HTTP.
    case broken(String)
    /// The address is none.
    case endpoint(String)

    public var description: String {
        switch self {
        case .answer(_, let message): "Error response from daemon: \(message)"
        case .unreachable(let endpoint): "Cannot connect to the Gantry daemon at \(endpoint). Is the daemon running? (gantryd)"
        case .connection(let endpoint, let reason): "error during connect to \(endpoint): \(reason)"
        case .broken(let reason): "error during connect: \(reason)"
        case .endpoint(let reason): reason
        }
    }

    /// The HTTP status of an answer; nil when there was none.
    public var status: Int? { if case .answer(let status, _) = self { status } else { nil } }
}
