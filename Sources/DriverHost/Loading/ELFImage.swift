import Glibc

/// Why a file can't be loaded.
enum ELFProblem: Error, Equatable {
    case notELF, truncated, notSharedObject
    case machine(String)
    case malformed(String)
}

/// What a shared object's dynamic section says, read from the file: nothing of the file runs.
struct ELFImage {
    /// Names of `.dynsym` that the image defines.
    private(set) var exports: [String] = []
    /// DT_RUNPATH and DT_RPATH, split at the colons.
    private(set) var runPaths: [String] = []

    static let machines: [UInt16: String] = [
        3: "i386", 8: "mips", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64", 258: "loongarch64",
    ]
    #if arch(x86_64)
        static let ownMachine: UInt16 = 62
    #elseif arch(arm64)
        static let ownMachine: UInt16 = 183
    #elseif arch(riscv64)
        static let ownMachine: UInt16 = 243
    #endif

    init(_ bytes: UnsafeRawBufferPointer) throws(ELFProblem) {
        let file = ELFBytes(bytes)
        try Self.checkHeader(file)
        let segments = try Self.segments(file)
        // ld.so dies of SIGBUS when a segment lies outside the file.
        for segment in segments where segment.type == Segment.load { try file.check(segment.offset, segment.fileSize) }
        let dynamic = try DynamicSection(file, segments)
        exports = try dynamic.exports()
        runPaths = try dynamic.runPaths()
    }

    private static func checkHeader(_ file: ELFBytes) throws(ELFProblem) {
        guard file.count >= 4, try file.load(0, as: UInt32.self) == 0x464c_457f else { throw .notELF }
        guard file.count >= 64 else { throw .truncated }
        let machine = try file.load(18, as: UInt16.self)
        let is64 = try file.load(4, as: UInt8.self) == 2
        guard is64, machine == ownMachine else {
            let name = machines[machine] ?? "ELF machine \(machine)"
            throw .machine(is64 ? name : "32-bit \(name)")
        }
        guard try file.load(16, as: UInt16.self) == 3 else { throw .notSharedObject }
    }

    private static func segments(_ file: ELFBytes) throws(ELFProblem) -> [Segment] {
        let start = try file.load(32, as: UInt64.self)
        let size = UInt64(try file.load(54, as: UInt16.self)), count = UInt64(try file.load(56, as: UInt16.self))
        guard size >= 56 else { throw .malformed("its program headers are too small") }
        try file.check(start, size * count)
        var result: [Segment] = []
        for index in 0..<count { result.append(try Segment(file, start + index * size)) }
        return result
    }
}

/// A program header.
struct Segment {
    static let load: UInt32 = 1, dynamic: UInt32 = 2
    var type: UInt32
    var offset, address, fileSize: UInt64

    init(_ file: ELFBytes, _ place: UInt64) throws(ELFProblem) {
        type = try file.load(place, as: UInt32.self)
        offset = try file.load(place + 8, as: UInt64.self)
        address = try file.load(place + 16, as: UInt64.self)
        fileSize = try file.load(place + 32, as: UInt64.self)
    }
}

/// A file's bytes; every access is checked against its end.
struct ELFBytes {
    private let bytes: UnsafeRawBufferPointer
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var count: Int { bytes.count }

    func check(_ offset: UInt64, _ size: UInt64) throws(ELFProblem) {
        let (end, overflow) = offset.addingReportingOverflow(size)
        if overflow || end > UInt64(bytes.count) { throw .truncated }
    }

    func load<T: BitwiseCopyable>(_ offset: UInt64, as type: T.Type) throws(ELFProblem) -> T {
        try check(offset, UInt64(MemoryLayout<T>.size))
        return bytes.loadUnaligned(fromByteOffset: Int(offset), as: type)
    }

    /// NUL-ended text.
    func text(_ offset: UInt64) throws(ELFProblem) -> String {
        try check(offset, 1)
        let rest = bytes[Int(offset)...]
        guard let end = rest.firstIndex(of: 0) else { throw .truncated }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
