import CDriverABI
import Glibc

extension DriverError {
    package static var invalidArgument: Int32 { EINVAL }

    /// Any error as a driver's: what is no `DriverError` is an input/output error with its description.
    package static func wrapping(_ error: any Error) -> DriverError { error as? DriverError ?? DriverError(EIO, "\(error)") }
}

private let textOffset = 8
private let textCapacity = 1015

extension UnsafeMutablePointer where Pointee == gantry_error {
    /// Fills the record and returns its code, never 0.
    package func set(_ error: any Error) -> Int32 {
        let failure = DriverError.wrapping(error)
        var text = failure.message
        let length = text.withUTF8 { source in
            var length = Swift.min(source.count, textCapacity)
            while length > 0, length < source.count, source[length] & 0xc0 == 0x80 { length -= 1 }
            if let base = source.baseAddress { start.copyMemory(from: base, byteCount: length) }
            return length
        }
        start.storeBytes(of: 0, toByteOffset: length, as: UInt8.self)
        pointee.code = failure.code > 0 ? failure.code : EIO
        pointee.len = UInt32(length)
        return pointee.code
    }

    /// What the driver said; empty when it said nothing.
    package var message: String {
        let length = Swift.min(Int(pointee.len), textCapacity)
        return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }

    private var start: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) + textOffset }
}
