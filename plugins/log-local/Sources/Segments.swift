import Glibc
import LinuxSystem

/// Names of a log's files. A segment is a run of frames with a number, which counts up from 1 and is never used again
/// while the log exists: `N.log` with its index `N.idx`, or, compressed, `N.logz`.
struct Segments {
    /// Every file begins with a mark of eight bytes and its number.
    static let headerSize = 16
    static let plainMark = Array("GANTRYL1".utf8), packedMark = Array("GANTRYZ1".utf8)

    let folder: String

    func plain(_ number: UInt64) -> String { "\(folder)/\(Self.text(number)).log" }
    func index(_ number: UInt64) -> String { "\(folder)/\(Self.text(number)).idx" }
    func packed(_ number: UInt64) -> String { "\(folder)/\(Self.text(number)).logz" }

    /// Ascending, each once.
    func numbers() throws(Errno) -> [UInt64] { Set(try files().map(\.number)).sorted() }

    /// All files whose names are a segment's.
    func files() throws(Errno) -> [(number: UInt64, name: String)] {
        let names: [String]
        do throws(Errno) { names = try Files.list(folder) } catch {
            if error.code == ENOENT { return [] }
            throw error
        }
        return names.compactMap { name in
            let parts = name.split(separator: ".")
            guard parts.count == 2, parts[1] == "log" || parts[1] == "logz", let number = UInt64(parts[0]) else { return nil }
            return (number, name)
        }
    }

    /// All that there is of a segment.
    func remove(_ number: UInt64) {
        for path in [plain(number), index(number), packed(number), "\(packed(number)).tmp"] { unlink(path) }
    }

    static func header(_ mark: [UInt8], _ number: UInt64) -> [UInt8] {
        var header = mark
        header.append(number: number)
        return header
    }

    private static func text(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }
}
