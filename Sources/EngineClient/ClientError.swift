/// Why a call of the engine failed.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nobody answers there. `reason` is the system's word, nil when it says no more than that.
    case unreachable(host: String, reason: String?)
    /// The engine answered with an error.
    case refused(status: Int, message: String)
    /// The connection broke, or what came was no HTTP.
    case broken(String)
    /// The host, or what TLS needs, can't be used.
    case badHost(String)

    /// Docker's sentences, as users see them.
    public var description: String {
        switch self {
        case .unreachable(let host, nil): "Cannot connect to the Gantry daemon at \(host). Is the gantry daemon running?"
        case .unreachable(let host, let reason?): "Cannot connect to the Gantry daemon at \(host): \(reason). Is the gantry daemon running?"
        case .refused(_, let message): "Error response from daemon: \(message)"
        case .broken(let reason): "error during connect: \(reason)"
        case .badHost(let reason): "Failed to initialize: \(reason)"
        }
    }

    /// The status of an answer; nil when there was none.
    public var status: Int? { if case .refused(let status, _) = self { status } else { nil } }
    /// What the engine said, without the words around it.
    public var engineMessage: String { if case .refused(_, let message) = self { message } else { description } }
}
