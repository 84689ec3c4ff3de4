/// The dynamic section: what `ld.so` itself goes by (section headers may be stripped or lie).
struct DynamicSection {
    private enum Tag { static let hash: UInt64 = 4, strings: UInt64 = 5, symbols: UInt64 = 6, rpath: UInt64 = 15, runpath: UInt64 = 29, gnuHash: UInt64 = 0x6fff_fef5 }

    private let file: ELFBytes
    private let segments: [Segment]
    private var entries: [(tag: UInt64, value: UInt64)] = []

    init(_ file: ELFBytes, _ segments: [Segment]) throws(ELFProblem) {
        self.file = file
        self.segments = segments
        guard let dynamic = segments.first(where: { $0.type == Segment.dynamic }) else {
            throw .malformed("it has no dynamic section")
        }
        try file.check(dynamic.offset, dynamic.fileSize)
        for index in 0..<(dynamic.fileSize / 16) {
            let tag = try file.load(dynamic.offset + index * 16, as: UInt64.self)
            if tag == 0 { break }
            entries.append((tag, try file.load(dynamic.offset + index * 16 + 8, as: UInt64.self)))
        }
    }

    func runPaths() throws(ELFProblem) -> [String] {
        var paths: [String] = []
        for (tag, value) in entries where tag == Tag.runpath || tag == Tag.rpath {
            let text = try string(value)
            paths += text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        return paths
    }

    /// Names that are defined here; a symbol is 24 bytes: name (4), info, other, section (2), value, size.
    func exports() throws(ELFProblem) -> [String] {
        guard let symbols = value(Tag.symbols) else { return [] }
        let start = try offset(symbols)
        var names: [String] = []
        for index in 0..<(try symbolCount()) {
            let place = start + UInt64(index) * 24
            if try file.load(place + 6, as: UInt16.self) == 0 { continue }
            names.append(try string(UInt64(try file.load(place, as: UInt32.self))))
        }
        return names
    }

    private func value(_ tag: UInt64) -> UInt64? { entries.first { $0.tag == tag }?.value }

    private func string(_ index: UInt64) throws(ELFProblem) -> String {
        guard let strings = value(Tag.strings) else { throw .malformed("it has no string table") }
        let (place, overflow) = try offset(strings).addingReportingOverflow(index)
        if overflow { throw .truncated }
        return try file.text(place)
    }

    /// Where in the file an address of memory comes from.
    private func offset(_ address: UInt64) throws(ELFProblem) -> UInt64 {
        for segment in segments where segment.type == Segment.load && address >= segment.address {
            let distance = address - segment.address
            if distance < segment.fileSize { return segment.offset + distance }
        }
        throw .malformed("its dynamic section points outside of its segments")
    }

    /// The symbol table has no length of its own; the hash table knows.
    private func symbolCount() throws(ELFProblem) -> UInt32 {
        if let table = value(Tag.hash) { return try file.load(try offset(table) + 4, as: UInt32.self) }
        guard let table = value(Tag.gnuHash) else { throw .malformed("it has no hash table of its symbols") }
        return try gnuSymbolCount(try offset(table))
    }

    private func gnuSymbolCount(_ table: UInt64) throws(ELFProblem) -> UInt32 {
        let buckets = try file.load(table, as: UInt32.self), first = try file.load(table + 4, as: UInt32.self)
        let filter = try file.load(table + 8, as: UInt32.self)
        let bucketStart = table + 16 + UInt64(filter) * 8
        try file.check(bucketStart, UInt64(buckets) * 4)
        var last: UInt32 = 0
        for index in 0..<UInt64(buckets) { last = max(last, try file.load(bucketStart + index * 4, as: UInt32.self)) }
        if last < first || last == UInt32.max { return first }
        let chain = bucketStart + UInt64(buckets) * 4
        while try file.load(chain + UInt64(last - first) * 4, as: UInt32.self) & 1 == 0 { last += 1 }
        return last + 1
    }
}
