/// What is not as it must be, a sentence each.
public struct Violations: Sendable {
    public private(set) var sentences: [String] = []

    mutating func demand(_ condition: Bool, _ sentence: @autoclosure () -> String) { if !condition { sentences.append(sentence()) } }

    /// A set of values as "a, b or nothing".
    static func words(_ values: Set<String?>) -> String { values.map { $0 ?? "nothing" }.sorted().joined(separator: " or ") }
}
