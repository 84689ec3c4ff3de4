import DriverHost
import DriverKit
import FoundationEssentials
import LinuxSystem
import Testing

/// `driver.json`.
private struct Manifest: Decodable {
    struct Option: Decodable {
        var type: String
        var `default`: String?
        var summary: String
    }
    var kind, name, version, summary: String
    var capabilities: [String]
    var options: [String: Option]
    /// Of one network or volume.
    var objectOptions: [String: Option]?
}

@Suite("driver.json")
struct ManifestTests {
    static let folders = ((try? Files.list("\(Builds.sources)/plugins")) ?? []).filter { Files.exists("\(Builds.sources)/plugins/\($0)/driver.json") }.sorted()

    private func lines(_ options: [DriverOption]) -> [String] {
        options.map { "\($0.name) \($0.kind) \($0.defaultValue) \($0.summary)" }.sorted()
    }

    private func lines(_ options: [String: Manifest.Option]) -> [String] {
        options.map { "\($0.key) \($0.value.type) \($0.value.default ?? "") \($0.value.summary)" }.sorted()
    }

    @Test("says what the driver itself says", arguments: folders)
    func agrees(_ folder: String) throws {
        let bytes = try Files.read("\(Builds.sources)/plugins/\(folder)/driver.json")
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes))
        let driver = try Loader.load(Builds.driver(folder), checksOwnership: false)
        #expect("\(manifest.kind)-\(manifest.name)" == folder)
        #expect("\(driver.kind)" == manifest.kind && driver.name == manifest.name)
        #expect(driver.version == manifest.version && driver.summary == manifest.summary)
        #expect(driver.capabilities.names(of: driver.kind).sorted() == manifest.capabilities.sorted())
        #expect(lines(driver.options) == lines(manifest.options))
        #expect(lines(driver.objectOptions) == lines(manifest.objectOptions ?? [:]))
    }

    @Test("exists for every driver of the source tree")
    func exist() { #expect(Self.folders.contains("log-json-file") && Self.folders.contains("volume-local")) }
}
