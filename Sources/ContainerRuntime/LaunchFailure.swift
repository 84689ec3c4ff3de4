import EngineErrors
import Glibc
import ShimProtocol

/// A `failed` message as an error, in the words that Docker's clients look for.
enum LaunchFailure {
    static func error(_ fields: Fields) -> EngineError {
        let stage = LaunchStage(rawValue: fields.number(.stage)) ?? .none, code = Int32(truncatingIfNeeded: fields.number(.code))
        let text = fields.string(.text)
        if stage == .exec { return execFailure(text, code) }
        let reason = code == 0 ? "" : ": \(String(cString: strerror(code)).lowercased())"
        let kind: EngineError.Code =
            switch stage {
            case .user, .directory, .sysctl: .invalidArgument
            default: code == ENOSPC ? .resourceExhausted : .internal
            }
        return EngineError(kind, "\(prefix)\(text)\(reason)", errno: code)
    }

    private static let prefix = "failed to create task for container: "

    private static func execFailure(_ command: String, _ code: Int32) -> EngineError {
        let reason: String, kind: EngineError.Code
        switch code {
        case ENOENT where !command.contains("/"):
            (reason, kind) = ("executable file not found in $PATH", .commandNotFound)
        case ENOENT, ENOTDIR: (reason, kind) = ("stat \(command): no such file or directory", .commandNotFound)
        case EACCES, EPERM: (reason, kind) = ("permission denied", .commandNotExecutable)
        case EISDIR: (reason, kind) = ("is a directory: permission denied", .commandNotExecutable)
        case ENOEXEC: (reason, kind) = ("exec format error", .commandNotExecutable)
        default: (reason, kind) = (String(cString: strerror(code)).lowercased(), .commandNotExecutable)
        }
        return EngineError(kind, "\(prefix)exec: \"\(command)\": \(reason)", errno: code)
    }
}
