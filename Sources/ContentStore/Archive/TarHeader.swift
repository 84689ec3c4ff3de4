/// Headers of a tar archive that we write: POSIX ustar, root's, with sizes beyond 8 GiB in base 256 as GNU tar writes
/// and everybody reads them.
enum TarHeader {
    static let blockSize = 512

    /// Zeros after content of this many bytes.
    static func padding(_ size: Int64) -> Int { Int((Int64(blockSize) - size % Int64(blockSize)) % Int64(blockSize)) }

    /// `path`: at most 100 bytes; a folder's ends with "/". `time`: seconds.
    static func block(_ path: String, size: Int64, time: Int64) -> [UInt8] {
        let isFolder = path.hasSuffix("/")
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ bytes: some Sequence<UInt8>, at place: Int) { for (index, byte) in bytes.enumerated() { block[place + index] = byte } }
        put(path.utf8.prefix(100), at: 0)
        put(octal(isFolder ? 0o755 : 0o644, 8), at: 100)
        put(octal(0, 8), at: 108)
        put(octal(0, 8), at: 116)
        put(size < 1 << 33 ? octal(size, 12) : binary(size), at: 124)
        put(octal(max(0, time), 12), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        put([isFolder ? UInt8(ascii: "5") : UInt8(ascii: "0")], at: 156)
        put("ustar\0".utf8, at: 257)
        put("00".utf8, at: 263)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(Array(octal(sum, 7)) + [0x20], at: 148)
        return block
    }

    /// Digits with leading zeros and a NUL.
    private static func octal(_ value: Int64, _ width: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array(String(repeating: "0", count: max(0, width - 1 - text.utf8.count)).utf8) + Array(text.utf8) + [0]
    }

    private static func binary(_ value: Int64) -> [UInt8] {
        [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
}
