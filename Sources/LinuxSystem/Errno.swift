import Glibc

/// A failed system call: errno, the call and what it was about.
public struct Errno: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: Int32
    /// What was being done, with the path in it: "open /run/x".
    public var action: String

    public init(_ code: Int32, _ action: String = "") {
        self.code = code
        self.action = action
    }

    /// The kernel's sentence for `code`.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String { action.isEmpty ? reason.lowercasedFirst : "\(action): \(reason.lowercasedFirst)" }

    /// The result of a system call, or its errno. Repeats on EINTR only with `retrying`.
    @discardableResult
    public static func check<I: FixedWidthInteger & Sendable>(_ action: @autoclosure () -> String = "", _ result: I) throws(Errno) -> I {
        if result == -1 { throw Errno(Glibc.errno, action()) }
        return result
    }

    @discardableResult
    public static func check<I: FixedWidthInteger & Sendable>(_ result: I) throws(Errno) -> I {
        if result == -1 { throw Errno(Glibc.errno) }
        return result
    }

    /// Runs `call` again for as long as a signal interrupts it.
    @discardableResult
    public static func retrying<I: FixedWidthInteger & Sendable>(_ action: @autoclosure () -> String = "", _ call: () -> I) throws(Errno) -> I {
        while true {
            let result = call()
            if result != -1 { return result }
            let code = Glibc.errno
            if code != EINTR { throw Errno(code, action()) }
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
