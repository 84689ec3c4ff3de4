public import DriverKit
import Glibc

/// Values of Docker's log options.
public enum LogOptions {
    /// "10m": 10,000,000 bytes; Docker counts in thousands here.
    /// - Throws: EINVAL.
    public static func size(_ text: String) throws(DriverError) -> Int {
        let number = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        let powers: [Character: Double] = ["b": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15]
        guard let value = Double(number), let factor = unit.first.map({ powers[$0] }) ?? 1, value * factor < 9e18 else {
            throw DriverError(EINVAL, "invalid size: '\(text)'")
        }
        return Int(value * factor)
    }

    /// As Go's `ParseBool`; what is neither is false.
    public static func flag(_ text: String?, standard: Bool) -> Bool {
        guard let text, !text.isEmpty else { return standard }
        return ["1", "t", "T", "true", "TRUE", "True"].contains(text)
    }
}
