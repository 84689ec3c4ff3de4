package import CDriverABI

extension gantry_bytes {
    package init(_ buffer: UnsafeRawBufferPointer) { self.init(ptr: buffer.baseAddress, len: buffer.count) }

    package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: ptr, count: ptr == nil ? 0 : len) }

    /// A copy; what isn't UTF-8 is replaced.
    package var string: String { String(decoding: buffer, as: UTF8.self) }
}

extension String {
    /// Its UTF-8 for the time of one call.
    package func withC<R>(_ body: (gantry_bytes) throws -> R) rethrows -> R {
        var copy = self
        return try copy.withUTF8 { try body(gantry_bytes(UnsafeRawBufferPointer($0))) }
    }
}

/// Copies only as much of a SIZED struct as its author had; the rest stays zero.
package func readSized<T>(_ pointer: UnsafeRawPointer, over zeros: T) -> T {
    var value = zeros
    let size = min(Int(pointer.load(as: UInt32.self)), MemoryLayout<T>.size)
    withUnsafeMutableBytes(of: &value) { $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size)) }
    return value
}

/// The pairs of a C array; the last one of equal keys wins.
package func dictionary(_ pairs: UnsafePointer<gantry_pair>?, _ count: Int) -> [String: String] {
    var result: [String: String] = [:]
    for pair in UnsafeBufferPointer(start: pairs, count: pairs == nil ? 0 : count) { result[pair.key.string] = pair.value.string }
    return result
}

/// The elements of a C array.
package func array<Raw, Value>(_ start: UnsafePointer<Raw>?, _ count: Int, _ make: (Raw) -> Value) -> [Value] {
    UnsafeBufferPointer(start: start, count: start == nil ? 0 : count).map(make)
}
