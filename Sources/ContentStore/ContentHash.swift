import Crypto
import OCISpecs

/// A sha256 digest as it grows. The one file that imports swift-crypto, whose `Digest` is another.
struct ContentHash {
    private var hash = SHA256()

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    func digest() -> OCISpecs.Digest { OCISpecs.Digest(bytes: hash.finalize()) }

    static func digest(of bytes: [UInt8]) -> OCISpecs.Digest { OCISpecs.Digest(bytes: SHA256.hash(data: bytes)) }
}
