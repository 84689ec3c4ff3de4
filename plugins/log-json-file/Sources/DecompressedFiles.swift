import DriverKit
import Glibc
import Gzip
import LinuxSystem

/// Contents of compressed files, in files without a name beside the log: a reader comes back for each page of lines.
final class DecompressedFiles {
    /// A reading goes from file to file: two are enough.
    private static let limit = 2
    private var kept: [(epoch: UInt64, descriptor: Int32)] = []

    deinit { for entry in kept { close(entry.descriptor) } }

    /// Stays valid until contents of two others were asked for.
    func contents(of file: OpenFile) throws(DriverError) -> Int32 {
        if let found = kept.first(where: { $0.epoch == file.epoch }) { return found.descriptor }
        let descriptor: Int32
        do throws(Errno) { descriptor = try Self.decompress(file) } catch {
            throw DriverError(error.code, "a compressed log file can't be read: \(error)")
        }
        if kept.count == Self.limit { close(kept.removeFirst().descriptor) }
        kept.append((file.epoch, descriptor))
        return descriptor
    }

    private static func decompress(_ file: OpenFile) throws(Errno) -> Int32 {
        let target = try nameless()
        let descriptor = target.raw
        do throws(Errno) { try Gzip.decompress(file.descriptor, to: descriptor) } catch {
            // What came before the damage is good.
            guard error.code == EBADMSG else { throw error }
        }
        return target.take()
    }

    private static func nameless() throws(Errno) -> OwnedFD {
        let path = "/var/tmp/gantry-log-\(UInt64.random(in: 0 ... .max))"
        let file = try Files.open(path, O_RDWR | O_CREAT | O_EXCL)
        unlink(path)
        return file
    }
}
