public import EngineErrors
import Glibc
import LinuxSystem
public import OCISpecs

extension ContentStore {
    /// Stores a tar archive, plain or compressed, as a layer. - Returns: its digest and size without compression.
    /// - Throws: `.invalidArgument` when it can't be read, `.resourceExhausted`; nothing stays then.
    public func importLayer(_ next: @Sendable () async throws -> [UInt8]?) async throws(EngineError) -> (digest: Digest, size: Int64) {
        do {
            return try await BlockingWork.consume(next) { [self] handover in
                let input = ArchiveInput(handover)
                let result = try decompress(input, "the archive", expecting: nil)
                input.drain()
                return result
            }
        } catch {
            throw .content(error, "the archive can't be stored")
        }
    }

    /// Stores what is left of a stream after its compression.
    func decompress(_ input: ArchiveInput, _ subject: String, expecting expected: Digest?) throws(EngineError) -> (digest: Digest, size: Int64) {
        let reader = try ArchiveReader(input, .stream, subject)
        guard try reader.next() != nil else { throw EngineError(.invalidArgument, "\(subject) is empty") }
        let writer = try BlobWriter(self)
        while let block = try reader.block() { try writer.write(block.bytes) }
        return try writer.finish(expecting: expected)
    }
}
