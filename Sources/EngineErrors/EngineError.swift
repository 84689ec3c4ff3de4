/// The one error type of the engine: what went wrong, in a sentence for people, and a code for programs.
///
/// Edges map `code` through a table (HTTP status, exit status); nobody searches the text.
public struct EngineError: Error, Sendable {
    public enum Code: String, Sendable, CaseIterable {
        case invalidArgument, notFound, conflict, notModified, permissionDenied, unauthenticated
        case unsupported, unavailable, resourceExhausted, payloadTooLarge, deadlineExceeded
        /// The container's command does not exist (exit status 127).
        case commandNotFound
        /// The container's command exists and can't be executed (exit status 126).
        case commandNotExecutable
        case driverFailed, dataCorrupted, cancelled, `internal`
    }

    public var code: Code
    /// Names the object, says what was wrong and what to do.
    public var message: String
    /// The errno behind it, if there was one.
    public var errno: Int32?
    public var underlying: (any Error)?
    /// Where it was made, `Module/File.swift:line`.
    public var location: String

    public init(
        _ code: Code, _ message: String, errno: Int32? = nil, underlying: (any Error)? = nil,
        file: String = #fileID, line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.errno = errno
        self.underlying = underlying
        self.location = "\(file):\(line)"
    }
}

extension EngineError: CustomStringConvertible {
    public var description: String { message }
}

extension EngineError {
    /// Any error as an engine error; one that already is stays what it is.
    public static func wrapping(_ error: any Error, file: String = #fileID, line: Int = #line) -> EngineError {
        if let known = error as? EngineError { return known }
        if error is CancellationError { return EngineError(.cancelled, "the request was cancelled", file: file, line: line) }
        return EngineError(.internal, "\(error)", underlying: error, file: file, line: line)
    }
}
