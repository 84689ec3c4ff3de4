import LinuxSystem

/// Reads frames that no index describes, in blocks as the writer would have made them.
enum FrameScan {
    /// Up to the first frame that is torn, damaged or not there yet.
    static func blocks(of file: StoredFile, from start: Int, size: Int) throws(Errno) -> [Block] {
        var blocks: [Block] = [], block = Block(at: start), window: [UInt8] = [], place = start
        while place < size {
            let wanted = max(Block.size, needed(window))
            if window.count < wanted {
                window += try file.read(place + window.count, min(wanted, size - place) - window.count)
            }
            let used = take(window, &block, &blocks)
            if used == 0 {
                // A frame that is longer than the window, or the end of what is right.
                guard needed(window) > window.count, place + window.count < size, needed(window) <= size - place else { break }
                continue
            }
            window.removeFirst(used)
            place += used
        }
        if block.length > 0 { blocks.append(block) }
        return blocks
    }

    /// Bytes that the first frame claims.
    private static func needed(_ window: [UInt8]) -> Int { window.withUnsafeBytes { Frame.claimedSize($0) ?? Frame.headerSize } }

    private static func take(_ window: [UInt8], _ block: inout Block, _ blocks: inout [Block]) -> Int {
        window.withUnsafeBytes { bytes in
            var used = 0
            while let frame = Frame(UnsafeRawBufferPointer(rebasing: bytes[used...])) {
                block.add(size: frame.size, time: frame.time, endsLine: !frame.isPartial)
                used += frame.size
                if block.isFull {
                    blocks.append(block)
                    block = Block(at: block.end)
                }
            }
            return used
        }
    }
}
