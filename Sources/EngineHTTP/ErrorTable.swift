import EngineErrors
import EngineWire
import NIOHTTP1

/// Error codes as HTTP answers. The one table of this edge.
enum ErrorTable {
    static func status(_ code: EngineError.Code) -> HTTPResponseStatus {
        switch code {
        case .invalidArgument, .commandNotFound, .commandNotExecutable: .badRequest
        case .unauthenticated: .unauthorized
        case .permissionDenied: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .notModified: .notModified
        case .payloadTooLarge: .payloadTooLarge
        case .unsupported: .notImplemented
        case .unavailable: .serviceUnavailable
        case .resourceExhausted, .deadlineExceeded, .driverFailed, .dataCorrupted, .cancelled, .internal: .internalServerError
        }
    }

    static func response(_ error: any Error) -> Response {
        if let failure = error as? Filters.Failure { return response(EngineError(.invalidArgument, failure.description)) }
        let known = EngineError.wrapping(error)
        if known.code == .notModified { return .data(status: .notModified, headers: [:], []) }
        return .json(["message": .string(known.message)], status: status(known.code))
    }
}

extension Response {
    static func json(_ value: JSONValue, status: HTTPResponseStatus = .ok) -> Response {
        .data(status: status, headers: ["Content-Type": "application/json"], value.encoded() + [0x0a])
    }

    static var noContent: Response { .data(status: .noContent, headers: [:], []) }

    static func text(_ text: String) -> Response {
        .data(status: .ok, headers: ["Content-Type": "text/plain; charset=utf-8"], Array(text.utf8))
    }
}
