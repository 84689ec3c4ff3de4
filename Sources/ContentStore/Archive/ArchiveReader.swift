import CArchive
import EngineErrors
import Glibc
import LinuxSystem

/// libarchive's reader over an input: tar, or the bytes of a compressed stream; plain, gzip, xz, zstd or bzip2.
/// Used by one thread, from its making to its end.
final class ArchiveReader {
    enum Content { case tar, stream }
    private let archive: OpaquePointer
    private let input: ArchiveInput
    /// Names in pax headers are UTF-8 and libarchive converts them to the thread's locale.
    private let locale: ThreadLocale
    private let subject: String

    /// `subject` names the archive in errors: "the layer sha256:…".
    init(_ input: ArchiveInput, _ content: Content, _ subject: String) throws(EngineError) {
        guard let archive = archive_read_new() else { throw EngineError(.resourceExhausted, "no memory to read \(subject)") }
        self.archive = archive
        self.input = input
        self.subject = subject
        locale = ThreadLocale("C.UTF-8")
        for filter in [archive_read_support_filter_gzip, archive_read_support_filter_xz, archive_read_support_filter_zstd, archive_read_support_filter_bzip2] {
            _ = filter(archive)
        }
        switch content {
        case .tar: archive_read_support_format_tar(archive)
        case .stream:
            archive_read_support_format_raw(archive)
            archive_read_support_format_empty(archive)
        }
        let context = Unmanaged.passUnretained(input).toOpaque()
        let result = archive_read_open2(
            archive, context, nil,
            { _, context, buffer in
                guard let context, let buffer, let bytes = Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().next() else { return -1 }
                buffer.pointee = bytes.baseAddress
                return bytes.count
            }, nil, nil)
        if result != ARCHIVE_OK { throw failure() }
    }

    deinit { archive_read_free(archive) }

    /// The next entry, valid until the one after; nil: the end.
    func next() throws(EngineError) -> ArchiveEntry? {
        var entry: OpaquePointer?
        switch archive_read_next_header(archive, &entry) {
        case ARCHIVE_OK, ARCHIVE_WARN: return entry.map { ArchiveEntry(raw: $0) }
        case ARCHIVE_EOF: return nil
        default: throw failure()
        }
    }

    /// The next bytes of the entry and their place in it; nil: the end. Holes are left out.
    func block() throws(EngineError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var buffer: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        switch archive_read_data_block(archive, &buffer, &count, &offset) {
        case ARCHIVE_OK, ARCHIVE_WARN: return (UnsafeRawBufferPointer(start: buffer, count: count), offset)
        case ARCHIVE_EOF: return nil
        default: throw failure()
        }
    }

    private func failure() -> EngineError {
        if let cause = input.failure { return .content(cause, "\(subject) can't be read") }
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
        return EngineError(.invalidArgument, "\(subject) is no readable archive: \(text)")
    }
}

/// The locale of this thread, until the value goes.
private final class ThreadLocale {
    private let own: locale_t?
    private let before: locale_t?

    init(_ name: String) {
        own = newlocale(Int32(1 << LC_CTYPE), name, nil)
        before = own.flatMap { uselocale($0) }
    }

    deinit {
        if let before { uselocale(before) }
        if let own { freelocale(own) }
    }
}
