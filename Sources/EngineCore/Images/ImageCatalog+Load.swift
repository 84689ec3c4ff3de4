import ContentStore
import EngineErrors
import EngineModel
import OCISpecs

extension ImageCatalog {
    public func loadImages(from source: any ByteSource) async throws -> [String] {
        try await arriving {
            var lines: [String] = []
            for loaded in try await content.load({ try await source.next() }) { lines += try await take(loaded) }
            return lines
        }
    }

    private func take(_ loaded: LoadedImage) async throws -> [String] {
        guard loaded.configuration.os == "linux" || loaded.configuration.os.isEmpty else {
            throw EngineError(.unsupported, "cannot load \(loaded.configuration.os) image on linux")
        }
        var names: [String] = []
        for reference in loaded.references {
            do throws(EngineError) { names.append(try Self.tagName(reference)) } catch {
                throw EngineError(.invalidArgument, "invalid tag \"\(reference)\"")
            }
        }
        let image = try await register(loaded, names: names)
        announce("load", image, name: image.id)
        return names.isEmpty ? ["Loaded image ID: \(image.id)"] : names.map { "Loaded image: \($0)" }
    }
}
