import Synchronization

/// Says that something could not be removed, or written down, when it should have been: for want of descriptors or
/// memory, or because the disk can't be written to. The sweep looks for it then.
final class Leftovers: Sendable {
    static let shared = Leftovers()
    private let noted = Atomic(0)

    /// One element for any number of notes since the one before.
    let notes: AsyncStream<Void>
    private let noting: AsyncStream<Void>.Continuation

    private init() { (notes, noting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// How many notes there were.
    var count: Int { noted.load(ordering: .relaxed) }

    func note() {
        noted.wrappingAdd(1, ordering: .relaxed)
        noting.yield()
    }

    /// What `body` does not remove is left to the sweep.
    static func remove(_ body: () async throws -> Void) async {
        do { try await body() } catch { shared.note() }
    }
}
