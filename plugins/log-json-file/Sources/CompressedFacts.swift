import LogKit

/// What the header of a compressed file says about it, as JSON: Docker's time of the last record, and the file's number
/// in our cursors, which is made of the plain file's inode.
struct CompressedFacts {
    var epoch: UInt64 = 0
    /// ns; 0: not known.
    var lastTime: Int64 = 0

    init(epoch: UInt64, lastTime: Int64) {
        self.epoch = epoch
        self.lastTime = lastTime
    }

    var encoded: [UInt8] {
        let buffer = ByteBuffer(capacity: 128)
        if lastTime != 0 {
            buffer.append("{\"lastTime\":\"")
            var writer = TimestampWriter()
            writer.append(lastTime, to: buffer)
            buffer.append("\",\"gantryEpoch\":\"")
        } else {
            buffer.append("{\"gantryEpoch\":\"")
        }
        return Array(buffer.bytes) + Array("\(epoch)\"}".utf8)
    }

    /// What isn't understood is not known.
    init(encoded: [UInt8]) {
        let text = String(decoding: encoded, as: UTF8.self)
        if let value = Self.value("gantryEpoch", text) { epoch = UInt64(value) ?? 0 }
        if let value = Self.value("lastTime", text) { lastTime = Array(value.utf8).withUnsafeBufferPointer { parseTimestamp($0) } ?? 0 }
    }

    private static func value(_ name: String, _ text: String) -> Substring? {
        let parts = text.split(separator: "\"")
        guard let place = parts.firstIndex(of: Substring(name)), place + 2 < parts.count else { return nil }
        return parts[place + 2]
    }
}
