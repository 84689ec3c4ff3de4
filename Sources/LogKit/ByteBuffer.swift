/// Bytes that grow; what is appended must have been reserved before, so that appending is a copy and nothing else.
public final class ByteBuffer {
    /// Valid until the next `reserve`.
    public var base: UnsafeMutablePointer<UInt8>
    public var capacity: Int
    public var count = 0

    public init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
    @inlinable public var end: UnsafeMutablePointer<UInt8> { base + count }

    /// Makes room for `more` bytes after `count`. May move everything.
    @inlinable
    public func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    public func grow(_ more: Int) {
        let grown = max(capacity * 2, count + more)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: grown)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = grown
    }

    @inlinable @inline(__always)
    public func append(_ byte: UInt8) {
        base[count] = byte
        count += 1
    }

    @inlinable @inline(__always)
    public func append(_ source: UnsafePointer<UInt8>, _ length: Int) {
        (base + count).update(from: source, count: length)
        count += length
    }

    @inlinable @inline(__always)
    public func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    /// Forgets the first bytes.
    public func drop(_ length: Int) {
        count -= length
        base.update(from: base + length, count: count)
    }
}
