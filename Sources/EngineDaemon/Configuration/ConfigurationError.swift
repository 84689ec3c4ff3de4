/// Why the daemon can't start with these flags or this file: a sentence for the person who wrote them.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    var message: String
    init(_ message: String) { self.message = message }
    var description: String { message }
}
