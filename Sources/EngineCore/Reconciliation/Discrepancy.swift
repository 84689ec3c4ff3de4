import EngineErrors

/// A finding, and how it is mended.
struct Discrepancy: Sendable {
    let finding: Finding
    /// Looks again before it acts, where its object may have changed. nil: nothing can be done.
    let mend: (@Sendable () async throws(EngineError) -> Void)?
    /// It takes time, and whoever needs it first does the same.
    var waitsForUse = false

    init(_ kind: Finding.Kind, _ object: String, _ problem: String, _ repair: Finding.Repair, _ mend: @escaping @Sendable () async throws(EngineError) -> Void) {
        finding = Finding(kind: kind, object: object, problem: problem, repair: repair)
        self.mend = mend
    }

    /// Nothing can be done.
    init(_ kind: Finding.Kind, _ object: String, _ problem: String) {
        finding = Finding(kind: kind, object: object, problem: problem, repair: .report)
        mend = nil
    }
}

/// A part of the engine that can compare what it knows with what there is.
protocol Reconciled: Sendable {
    /// What doesn't agree now. An object that is being made, changed or removed may be among it: it is none any more
    /// when one looks again.
    /// - Parameter deep: contents are read, too.
    func discrepancies(deep: Bool) async -> [Discrepancy]
}
