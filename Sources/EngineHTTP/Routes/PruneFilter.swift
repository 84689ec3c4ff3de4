import EngineCore
import EngineErrors
import EngineWire

/// What a prune may take: things with all of the labels ("label") and none of the others ("label!"), made before a
/// time ("until": a time, or how long ago).
struct PruneFilter: Sendable {
    let filters: Filters
    /// ns since 1970.
    private let until: Int64?

    /// - Parameter others: the filters that this prune has besides.
    init(_ request: Request, others: Set<String> = ["until"]) throws {
        filters = try request.filters(others.union(["label", "label!"]))
        guard let text = filters["until"].first else {
            until = nil
            return
        }
        guard filters["until"].count == 1 else { throw EngineError(.invalidArgument, "more than one until filter specified") }
        until = try GoDuration.parse(text).map { Clock.now() - $0 } ?? TimeParameter.parse(text, "until")
    }

    /// - Parameter created: ns since 1970.
    func allows(_ labels: [String: String], created: Int64) -> Bool {
        filters.allowsLabels(labels) && filters.excludesLabels(labels) && (until.map { created < $0 } ?? true)
    }
}
