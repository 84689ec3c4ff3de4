public import DriverKit
public import EngineErrors
import Glibc
import LinuxSystem

/// Snapshots of one driver beside those of another, mounted where nobody else sees them.
extension ContentStore {
    /// Makes the tree of `target` equal to that of `source`, proves it by reading both, and syncs it. What the target
    /// has already, because its parent is the same layer, stays where it is.
    /// - Throws: `.resourceExhausted`; `.dataCorrupted` when the trees differ after all. The source stays as it is.
    public func copyTree(_ source: [Mount], to target: [Mount]) async throws(EngineError) {
        try await sideBySide(source, target) { from, to in
            try TreeCopy.run(from: from, to: to)
            if try TreeComparison.difference(from, to) != nil {
                // Files can differ though their sizes and times are equal.
                try TreeCopy.run(from: from, to: to, comparesContents: true)
                if let found = try TreeComparison.difference(from, to) { throw Self.differs(found) }
            }
            try FileSystem.sync(to)
        }
    }

    /// - Throws: `.dataCorrupted` with the first difference.
    public func compareTrees(_ one: [Mount], _ other: [Mount]) async throws(EngineError) {
        try await sideBySide(one, other) { one, other in
            if let found = try TreeComparison.difference(one, other) { throw Self.differs(found) }
        }
    }

    private static func differs(_ found: String) -> EngineError { EngineError(.dataCorrupted, "the copy differs from the original (\(found)); the original stays") }

    private func sideBySide(_ one: [Mount], _ other: [Mount], _ body: @escaping @Sendable (Int32, Int32) throws -> Void) async throws(EngineError) {
        let points = [try makeIngestFolder(), try makeIngestFolder()]
        defer { for point in points { rmdir(point) } }
        do {
            try await SnapshotMounts.inside([(one, points[0]), (other, points[1])]) {
                let first = try Files.open(points[0], O_RDONLY | O_DIRECTORY), second = try Files.open(points[1], O_RDONLY | O_DIRECTORY)
                try body(first.raw, second.raw)
            }
        } catch {
            throw EngineError.content(error, "the tree can't be copied")
        }
    }
}
