/// Some 64 KiB of whole frames that follow each other, and what the index knows of them.
struct Block: Equatable {
    /// A block ends with the frame that reaches this size.
    static let size = 64 << 10
    /// In an index: checksum u32, length u32, offset u64, times i64 × 2, lines u32, stored length u32, stored offset u64.
    static let encodedSize = 48

    /// Bytes of the uncompressed file.
    var offset: Int
    var length = 0
    /// Of its frames, ns. Clocks are set back, so the first is not always the earliest.
    var earliest = Int64.max, latest = Int64.min
    /// Frames that end a line.
    var lineEnds = 0
    /// Where it is in the file itself.
    var storedOffset: Int, storedLength = 0

    init(at offset: Int) {
        self.offset = offset
        storedOffset = offset
    }

    var end: Int { offset + length }
    var isFull: Bool { length >= Self.size }

    mutating func add(size: Int, time: Int64, endsLine: Bool) {
        length += size
        storedLength += size
        earliest = min(earliest, time)
        latest = max(latest, time)
        if endsLine { lineEnds += 1 }
    }

    var encoded: [UInt8] {
        var rest: [UInt8] = []
        rest.append(number: UInt32(length))
        rest.append(number: UInt64(offset))
        rest.append(number: earliest)
        rest.append(number: latest)
        rest.append(number: UInt32(lineEnds))
        rest.append(number: UInt32(storedLength))
        rest.append(number: UInt64(storedOffset))
        var all: [UInt8] = []
        all.append(number: rest.withUnsafeBytes { Checksum.of($0) })
        return all + rest
    }

    /// nil: damaged.
    init?(_ entry: UnsafeRawBufferPointer) {
        guard entry.count == Self.encodedSize, Checksum.of(UnsafeRawBufferPointer(rebasing: entry[4...])) == entry.number(at: 0, UInt32.self) else { return nil }
        length = Int(entry.number(at: 4, UInt32.self))
        offset = Int(entry.number(at: 8, UInt64.self))
        earliest = entry.number(at: 16, Int64.self)
        latest = entry.number(at: 24, Int64.self)
        lineEnds = Int(entry.number(at: 32, UInt32.self))
        storedLength = Int(entry.number(at: 36, UInt32.self))
        storedOffset = Int(entry.number(at: 40, UInt64.self))
    }

    /// The entries up to the first that is damaged or does not follow its predecessor.
    static func decode(_ entries: UnsafeRawBufferPointer, from start: Int) -> [Block] {
        var blocks: [Block] = [], expected = start, place = 0
        while place + encodedSize <= entries.count, let block = Block(UnsafeRawBufferPointer(rebasing: entries[place..<place + encodedSize])), block.offset == expected {
            blocks.append(block)
            expected = block.end
            place += encodedSize
        }
        return blocks
    }
}
