import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs

/// Where one layer is unpacked to.
enum UnpackTarget: Sendable {
    /// Straight into a folder.
    case folder(String, WhiteoutStyle)
    /// Through the snapshot's mounts.
    case mounted([Mount])

    init(_ mounts: [Mount], _ capabilities: DriverCapabilities, hasParent: Bool) {
        if capabilities.contains(.overlayUpper), mounts.count == 1 {
            let mount = mounts[0]
            if mount.type == "overlay", let upper = Self.option("upperdir", mount.options) {
                let lower = Self.option("lowerdir", mount.options) ?? ""
                let below = lower.split(separator: ":").map { Self.path(String($0), mount.base) }
                self = .folder(Self.path(upper, mount.base), .overlay(lower: below))
                return
            }
            if !hasParent {
                self = .folder(Self.path(mount.source, mount.base), .ignored)
                return
            }
        }
        self = .mounted(mounts)
    }

    /// Unpacks the blob `layer`. - Returns: bytes of the regular files.
    /// - Throws: `.dataCorrupted` when the blob is another one than its name says.
    func unpack(_ layer: Digest, at blob: String, scratch: String) async throws -> Int64 {
        switch self {
        case .folder(let path, let style):
            return try await BlockingWork.run {
                try Self.extract(layer, blob, into: try Files.open(path, O_RDONLY | O_DIRECTORY), style)
            }
        case .mounted(let mounts):
            return try await SnapshotMounts.inside(mounts, at: scratch) {
                try Self.extract(layer, blob, into: try Files.open(scratch, O_RDONLY | O_DIRECTORY), .deleting)
            }
        }
    }

    private static func extract(_ layer: Digest, _ blob: String, into root: consuming OwnedFD, _ style: WhiteoutStyle) throws -> Int64 {
        let input = ArchiveInput(try Files.open(blob, O_RDONLY), hashing: true)
        do {
            let bytes = try LayerExtractor(root, style).extract(try ArchiveReader(input, .tar, "layer \(layer)"))
            if input.digest() != layer { throw EngineError.damagedBlob(layer) }
            return bytes
        } catch {
            // A damaged archive may fail anywhere in its middle.
            if let found = input.digest(), found != layer { throw EngineError.damagedBlob(layer) }
            throw error
        }
    }

    private static func option(_ name: String, _ options: String) -> String? {
        options.split(separator: ",").first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    private static func path(_ path: String, _ base: String) -> String {
        path.hasPrefix("/") || base.isEmpty ? path : "\(base)/\(path)"
    }
}
