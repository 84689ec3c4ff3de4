package import CDriverABI

/// Memory for the C form of values. What it hands out lives as long as the arena.
package final class Arena {
    private var blocks: [UnsafeMutableRawPointer] = []

    package init() {}

    deinit { for block in blocks { block.deallocate() } }

    package func bytes(_ text: String) -> gantry_bytes {
        var copy = text
        return copy.withUTF8 { source in
            guard let base = source.baseAddress, source.count > 0 else { return gantry_bytes(ptr: nil, len: 0) }
            let block = UnsafeMutableRawPointer.allocate(byteCount: source.count, alignment: 1)
            block.copyMemory(from: base, byteCount: source.count)
            blocks.append(block)
            return gantry_bytes(ptr: block, len: source.count)
        }
    }

    /// nil for an empty array.
    package func array<T: BitwiseCopyable>(_ values: [T]) -> UnsafePointer<T>? {
        if values.isEmpty { return nil }
        let block = UnsafeMutablePointer<T>.allocate(capacity: values.count)
        block.initialize(from: values, count: values.count)
        blocks.append(UnsafeMutableRawPointer(block))
        return UnsafePointer(block)
    }

    package func pairs(_ values: [String: String]) -> UnsafePointer<gantry_pair>? {
        array(values.sorted { $0.key < $1.key }.map { gantry_pair(key: bytes($0.key), value: bytes($0.value)) })
    }
}
