import DriverHost
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem
import Logging

extension ContainerCatalog {
    /// What `-v`, `--mount`, `--volumes-from` and the image's volumes mean: one mount point for each target. Missing
    /// volumes are made.
    func resolveMounts(_ container: ContainerSnapshot, _ image: ImageSnapshot) async throws(EngineError) -> [MountPoint] {
        var points: [String: MountPoint] = [:]
        for reference in container.host.volumesFrom {
            for point in try inherited(reference) { points[point.target] = point }
        }
        for request in container.host.mounts where request.kind != .tmpfs {
            let target = try MountTarget.check(request.target)
            guard points[target].map({ !explicit($0, container) }) ?? true else {
                throw EngineError(.invalidArgument, "Duplicate mount point: \(target)")
            }
            points[target] = try await resolve(request, target, container)
        }
        for path in container.configuration.volumes {
            let target = try MountTarget.check(path)
            guard points[target] == nil, container.host.tmpfs[target] == nil else { continue }
            points[target] = try await volume(MountRequest(kind: .volume, target: target, volumeDriver: container.host.volumeDriver), target, container)
        }
        return points.values.sorted { $0.target < $1.target }
    }

    /// From this container's own requests, not from `--volumes-from`.
    private func explicit(_ point: MountPoint, _ container: ContainerSnapshot) -> Bool {
        container.host.volumesFrom.isEmpty
    }

    private func inherited(_ reference: String) throws(EngineError) -> [MountPoint] {
        let parts = reference.split(separator: ":", maxSplits: 1).map(String.init)
        let mode = parts.count > 1 ? parts[1] : "rw"
        guard mode == "rw" || mode == "ro" else {
            throw EngineError(.invalidArgument, "invalid mode for volumes-from: \(mode)")
        }
        return try entry(parts.first ?? "").snapshot.mounts.map { point in
            var point = point
            if mode == "ro" { point.writable = false }
            return point
        }
    }

    private func resolve(_ request: MountRequest, _ target: String, _ container: ContainerSnapshot) async throws(EngineError) -> MountPoint {
        switch request.kind {
        case .bind: return try bind(request, target)
        case .volume: return try await volume(request, target, container)
        case .tmpfs: throw EngineError(.internal, "a tmpfs has no mount point to resolve")
        }
    }

    private func bind(_ request: MountRequest, _ target: String) throws(EngineError) -> MountPoint {
        guard request.source.hasPrefix("/") else {
            throw EngineError(.invalidArgument, "invalid mount config for type \"bind\": invalid mount path: '\(request.source)' mount path must be absolute")
        }
        if !Files.exists(request.source) {
            guard request.createSource else {
                throw EngineError(.invalidArgument, "invalid mount config for type \"bind\": bind source path does not exist: \(request.source)")
            }
            do throws(Errno) { try Files.makeDirectories(request.source, mode: 0o755) } catch {
                throw EngineError(.invalidArgument, "error while creating mount source path '\(request.source)': \(error)", errno: error.code)
            }
        }
        return MountPoint(
            kind: .bind, source: request.source, target: target, mode: request.readOnly ? "ro" : "", writable: !request.readOnly,
            propagation: request.propagation.isEmpty ? "rprivate" : request.propagation)
    }

    private func volume(_ request: MountRequest, _ target: String, _ container: ContainerSnapshot) async throws(EngineError) -> MountPoint {
        do {
            let volume = try await environment.volumes.createVolume(
                name: request.source, driver: request.volumeDriver, options: request.volumeOptions, labels: request.volumeLabels, owner: container.id)
            var mode = request.readOnly ? "ro" : "z"
            if request.noCopy { mode += ",nocopy" }
            return MountPoint(
                kind: .volume, name: volume.name, source: volume.mountpoint, target: target, driver: volume.driver, mode: mode,
                writable: !request.readOnly)
        } catch {
            throw EngineError.wrapping(error)
        }
    }

    /// An anonymous volume goes with its container.
    func dropAnonymous(_ name: String) async {
        guard let volume = try? await environment.volumes.inspectVolume(name), volume.isAnonymous else { return }
        do { try await environment.volumes.removeVolume(name, force: true) } catch {
            logger.warning("an anonymous volume was not removed", metadata: ["volume": "\(name)", "error": "\(error)"])
        }
    }
}

enum MountTarget {
    /// A clean absolute path inside the container, not "/".
    static func check(_ path: String) throws(EngineError) -> String {
        guard path.hasPrefix("/") else {
            throw EngineError(.invalidArgument, "invalid mount path: '\(path)' mount path must be absolute")
        }
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        guard !parts.isEmpty else {
            throw EngineError(.invalidArgument, "invalid specification: destination can't be '/'")
        }
        return "/" + parts.joined(separator: "/")
    }
}
