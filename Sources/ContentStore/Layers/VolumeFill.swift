import CLinux
public import DriverKit
public import EngineErrors
import Glibc
import LinuxSystem

/// A new volume starts with what the image has at its place: Docker's "copy-up".
public enum VolumeFill {
    /// Copies the folder `path` of a container's tree into the empty folder `target`; does nothing when the tree has
    /// none or the target is not empty. What another container writes there meanwhile stays.
    ///
    /// - Parameters:
    ///   - tree: the snapshot's mounts.
    ///   - scratch: an empty folder to mount them on, in a namespace that ends with the call.
    ///   - durable: what was copied is on the disk when it returns.
    public static func fill(_ target: String, from path: String, of tree: [Mount], scratch: String, durable: Bool) async throws(EngineError) {
        do {
            guard try Files.list(target).isEmpty else { return }
            try await SnapshotMounts.inside(tree, at: scratch) {
                let root = try Beneath(opening: scratch)
                guard try isFolder(path, root) else { return }
                let source = try root.open(path, O_RDONLY | O_DIRECTORY)
                let destination = try Files.open(target, O_RDONLY | O_DIRECTORY)
                try TreeCopy.run(from: source.raw, to: destination.raw, onlyAdds: true)
                if durable, try !Files.list(target).isEmpty { try FileSystem.sync(destination.raw) }
            }
        } catch {
            let code = (error as any Error as? Errno)?.code
            throw EngineError(
                code == ENOSPC ? .resourceExhausted : .internal, "the image's files at \(path) can't be copied into the volume: \(error)",
                errno: code, underlying: error)
        }
    }

    private static func isFolder(_ path: String, _ root: borrowing Beneath) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try root.open(path, O_PATH | O_DIRECTORY)
            return true
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return false }
            throw error
        }
    }
}
