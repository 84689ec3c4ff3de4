import CZlib
import Glibc
public import LinuxSystem

/// Files and blocks, compressed with zlib. Everything blocks, and nothing is cached.
public enum Gzip {
    /// Logs shrink tenfold at any level; this one costs a third of zlib's default.
    static let level: Int32 = 3
    static let chunk = 64 << 10

    /// Writes all of `source`, from its start, to `target` as one gzip member.
    ///
    /// - Parameter extra: goes into the header's extra field, at most 65535 bytes.
    /// - Returns: false when `isCancelled` said so in between.
    public static func compress(_ source: Int32, to target: Int32, extra: [UInt8] = [], isCancelled: () -> Bool = { false }) throws(Errno) -> Bool {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit2_(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else { throw Errno(ENOMEM, "compress") }
        defer { deflateEnd(&stream) }
        var extra = extra
        let extraPointer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(extra.count, 1)), header = UnsafeMutablePointer<gz_header>.allocate(capacity: 1)
        defer {
            extraPointer.deallocate()
            header.deallocate()
        }
        extraPointer.update(from: &extra, count: extra.count)
        header.initialize(to: gz_header())
        header.pointee.os = 3
        header.pointee.extra = extra.isEmpty ? nil : extraPointer
        header.pointee.extra_len = uInt(extra.count)
        deflateSetHeader(&stream, header)
        let input = UnsafeMutablePointer<UInt8>.allocate(capacity: chunk), output = UnsafeMutablePointer<UInt8>.allocate(capacity: chunk)
        defer {
            input.deallocate()
            output.deallocate()
        }
        var offset = 0, isLast = false
        while !isLast {
            if isCancelled() { return false }
            let count = try Errno.retrying("read") { pread(source, input, chunk, off_t(offset)) }
            offset += count
            isLast = count == 0
            stream.next_in = input
            stream.avail_in = uInt(count)
            repeat {
                stream.next_out = output
                stream.avail_out = uInt(chunk)
                _ = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                try Files.writeAll(target, UnsafeRawBufferPointer(start: output, count: chunk - Int(stream.avail_out)), "compressed file")
            } while stream.avail_out == 0
        }
        return true
    }

    /// The extra field of the first member's header; empty when there is none.
    /// - Throws: EBADMSG when it isn't a gzip file.
    public static func extra(of source: Int32) throws(Errno) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: 12)
        let count = try Errno.retrying("read") { pread(source, &head, 12, 0) }
        guard count == 12, head[0] == 0x1f, head[1] == 0x8b, head[2] == 8 else { throw Errno(EBADMSG, "read a gzip header") }
        guard head[3] & 4 != 0 else { return [] }
        let length = Int(head[10]) | Int(head[11]) << 8
        var extra = [UInt8](repeating: 0, count: length)
        let got = try Errno.retrying("read") { pread(source, &extra, length, 12) }
        guard got == length else { throw Errno(EBADMSG, "read a gzip header") }
        return extra
    }

    /// Writes what `source` stands for to `target`.
    /// - Returns: its size in bytes.
    /// - Throws: EBADMSG when it is damaged; what came before is written.
    @discardableResult
    public static func decompress(_ source: Int32, to target: Int32) throws(Errno) -> Int {
        var stream = z_stream()
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw Errno(ENOMEM, "decompress") }
        defer { inflateEnd(&stream) }
        let input = UnsafeMutablePointer<UInt8>.allocate(capacity: chunk), output = UnsafeMutablePointer<UInt8>.allocate(capacity: chunk)
        defer {
            input.deallocate()
            output.deallocate()
        }
        var offset = 0, size = 0, status = Z_OK
        while true {
            let count = try Errno.retrying("read") { pread(source, input, chunk, off_t(offset)) }
            if count == 0 { break }
            offset += count
            stream.next_in = input
            stream.avail_in = uInt(count)
            repeat {
                // Members may follow each other.
                if status == Z_STREAM_END { inflateReset(&stream) }
                stream.next_out = output
                stream.avail_out = uInt(chunk)
                status = inflate(&stream, Z_NO_FLUSH)
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw Errno(EBADMSG, "decompress") }
                let made = chunk - Int(stream.avail_out)
                try Files.writeAll(target, UnsafeRawBufferPointer(start: output, count: made), "decompressed file")
                size += made
            } while stream.avail_in > 0 || stream.avail_out == 0
        }
        guard status == Z_STREAM_END else { throw Errno(EBADMSG, "decompress") }
        return size
    }
}
