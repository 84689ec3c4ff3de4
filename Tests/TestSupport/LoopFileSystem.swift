import Glibc
import LinuxSystem
public import Testing

/// A small file system of the test's own in a file, mounted by a loop device.
public final class LoopFileSystem {
    public let path: String
    private let image: String
    private var isMounted = false

    /// - Parameters:
    ///   - kind: "btrfs", "ext4": what `mkfs.<kind>` makes.
    ///   - path: where it is mounted; made. The image lies beside it.
    public init(_ kind: String, at path: String, megabytes: Int, options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) {
        self.path = path
        image = "\(path).image"
        let script = """
            set -e; mkdir -p '\(path)'; truncate -s \(megabytes)M '\(image)'
            mkfs.\(kind) -q \(options.joined(separator: " ")) '\(image)' >/dev/null; mount -o loop '\(image)' '\(path)'
            """
        let made = Command.run(["sh", "-c", script])
        isMounted = made.status == 0
        #expect(made.status == 0, "\(kind) in a file: \(made.everything)", sourceLocation: sourceLocation)
    }

    /// Unmounts it and mounts it again, as after a repair. Nobody uses it.
    public func remount(sourceLocation: SourceLocation = #_sourceLocation) {
        unmount()
        #expect(!isMounted, "\(path) is in use", sourceLocation: sourceLocation)
        var mounted = mount()
        // In the namespace of a process that has just ended it may still be mounted.
        for _ in 0..<100 where mounted.status != 0 {
            usleep(50_000)
            mounted = mount()
        }
        isMounted = isMounted || mounted.status == 0
        #expect(mounted.status == 0, "\(mounted.everything)", sourceLocation: sourceLocation)
    }

    private func mount() -> Command { Command.run(["mount", "-o", "loop", image, path]) }

    /// The kernel lets go of a container's mounts a moment after its end.
    private func unmount() {
        for _ in 0..<100 where isMounted {
            if umount2(path, 0) == 0 { isMounted = false } else { usleep(50_000) }
        }
    }

    /// Unmounts and deletes it.
    public func discard() {
        unmount()
        if isMounted { umount2(path, Int32(MNT_DETACH)) }
        unlink(image)
        rmdir(path)
    }

    deinit { if isMounted { discard() } }
}
