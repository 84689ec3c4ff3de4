import ContentStore
import DriverHost
import EngineErrors
import EngineModel
import LinuxSystem
import OCISpecs

extension ImageCatalog {
    public func importImage(
        from source: any ByteSource, reference: String?, message: String, changes: [String], platform: String?
    ) async throws -> String {
        let name = try reference.flatMap { $0.isEmpty ? nil : $0 }.map(Self.tagName)
        var execution = Execution()
        try ImageChanges.apply(changes, to: &execution)
        let target = try ImagePlatform(platform)
        let comment = message.isEmpty ? "Imported from -" : message
        let image = try await arriving {
            let layer = try await content.importLayer { try await source.next() }
            let configuration = Self.configuration(layer.digest, execution, target, comment)
            let bytes = try SpecificationJSON.encode(configuration)
            let id = try await BlockingPool.shared.run { [content] in try content.write(bytes) }
            return try await register(LoadedImage(id: id, configuration: configuration, references: []), names: name.map { [$0] } ?? [])
        }
        if let name { announce("tag", image, name: name) }
        announce("import", image, name: image.id)
        return image.id
    }

    private static func configuration(_ layer: Digest, _ execution: Execution, _ platform: ImagePlatform, _ comment: String) -> ImageConfiguration {
        let now = Timestamp.text(Clock.now())
        var configuration = ImageConfiguration(
            architecture: platform.architecture, os: platform.os, rootfs: ImageConfiguration.RootFileSystem(diffIDs: [layer]))
        configuration.variant = platform.variant
        configuration.created = now
        configuration.comment = comment
        configuration.config = execution
        configuration.history = [ImageConfiguration.Step(created: now, comment: comment)]
        return configuration
    }
}

/// "os[/architecture[/variant]]"; what is left out is the host's.
struct ImagePlatform {
    var os, architecture: String
    var variant: String?

    init(_ text: String?) throws(EngineError) {
        let host = HostPlatform.current
        let parts = (text ?? "").split(separator: "/", omittingEmptySubsequences: false).map { $0.lowercased() }
        guard let text, !text.isEmpty else {
            (os, architecture) = (host.os, host.architecture)
            return
        }
        guard parts.count <= 3, parts.allSatisfy({ !$0.isEmpty }), parts[0] == "linux" else {
            throw EngineError(.invalidArgument, "\"\(text)\": unknown operating system or architecture: invalid argument")
        }
        os = parts[0]
        let names = ["x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"]
        architecture = parts.count > 1 ? names[parts[1]] ?? parts[1] : host.architecture
        variant = parts.count > 2 ? parts[2] : nil
    }
}
