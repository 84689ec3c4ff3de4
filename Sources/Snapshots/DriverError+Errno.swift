public import DriverKit
import LinuxSystem

extension DriverError {
    /// Runs `body`; a failed system call becomes the contract's error.
    public static func translating<R>(_ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as Errno { throw DriverError(error.code, error.description) }
    }
}
