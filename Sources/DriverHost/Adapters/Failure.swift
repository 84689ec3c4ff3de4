import CDriverABI
import DriverKit
import EngineErrors
import Glibc

/// Calls a driver's function; a non-zero result becomes an error. The record is 1 KiB of stack and not zeroed.
@inline(__always)
func check(_ call: (UnsafeMutablePointer<gantry_error>) -> Int32) throws(DriverError) {
    let failure: DriverError? = withUnsafeTemporaryAllocation(of: gantry_error.self, capacity: 1) { record in
        let error = record.baseAddress!
        UnsafeMutableRawPointer(error).storeBytes(of: 0, as: UInt64.self)
        let code = call(error)
        return code == 0 ? nil : DriverError(returned: code, error.message)
    }
    if let failure { throw failure }
}

extension DriverError {
    fileprivate init(returned code: Int32, _ message: String) {
        let code = code > 0 ? code : EIO
        self.init(code, message.isEmpty ? String(cString: strerror(code)) : message)
    }
}

extension EngineError {
    /// A driver's error as the engine's. The driver's sentence stays as it is unless only the driver can be to blame.
    init(_ failure: DriverError, of driver: DriverDescription) {
        let code = Code(errno: failure.code)
        let message = code == .driverFailed ? "\(driver.kind) driver \(driver.name): \(failure.message)" : failure.message
        self.init(code, message, errno: failure.code)
    }

    static func wrapping(_ error: any Error, of driver: DriverDescription) -> EngineError {
        if let failure = error as? DriverError { return EngineError(failure, of: driver) }
        return EngineError.wrapping(error)
    }
}

extension EngineError.Code {
    fileprivate init(errno code: Int32) {
        switch code {
        case EEXIST, EBUSY, EADDRINUSE: self = .conflict
        case ENOENT: self = .notFound
        case EINVAL: self = .invalidArgument
        case ENOSPC, EDQUOT: self = .resourceExhausted
        case ENOTSUP: self = .unsupported
        case ETIMEDOUT: self = .deadlineExceeded
        case ECANCELED: self = .cancelled
        case EAGAIN: self = .unavailable
        default: self = .driverFailed
        }
    }
}
