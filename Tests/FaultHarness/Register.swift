/// One property of one object, and who wrote it. Operations overlap, and some were never answered, so it may have one of
/// several values: all but those that an acknowledged write replaced which began after they had ended.
struct Register: Equatable {
    private struct Write: Equatable {
        var operation: Int
        var value: String?
        /// Lines of the journal.
        var begin: Int
        /// Nil: it is under way.
        var end: Int?
        var isCertain: Bool
    }

    private var writes = [Write(operation: 0, value: nil, begin: -1, end: -1, isCertain: true)]

    /// Values that it may have now; nil among them: it may not be there.
    var possible: Set<String?> { Set(writes.map(\.value)) }

    /// It is not there, and nothing under way makes it.
    var isAbsent: Bool { writes.allSatisfy { $0.value == nil && $0.end != nil } }

    mutating func begin(_ operation: Int, _ value: String?, at line: Int) {
        writes.append(Write(operation: operation, value: value, begin: line, end: nil, isCertain: false))
    }

    /// - Parameters:
    ///   - wanted: what it began to write.
    ///   - value: what it wrote.
    ///   - isCertain: it was acknowledged; else it may or may not have happened.
    mutating func end(_ operation: Int, _ wanted: String?, value: String?, at line: Int, isCertain: Bool) {
        guard let place = writes.lastIndex(where: { $0.operation == operation && $0.value == wanted }) else { return }
        writes[place].end = line
        writes[place].value = value
        writes[place].isCertain = isCertain
        guard isCertain else { return }
        let begin = writes[place].begin
        writes.removeAll { $0.end.map { $0 < begin } ?? false }
    }

    /// It did not happen.
    mutating func forget(_ operation: Int, _ wanted: String?) { writes.removeAll { $0.operation == operation && $0.value == wanted } }
}
