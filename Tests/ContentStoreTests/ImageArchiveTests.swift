import ContentStore
import EngineErrors
import LinuxSystem
import OCISpecs
import Synchronization
import Testing

@Suite("image archives")
struct ImageArchiveTests {
    private let layer = TestArchive.build { $0.file("hello", "world") }

    private func configuration(_ layers: [Digest]) throws -> [UInt8] {
        try SpecificationJSON.encode(ImageConfiguration(architecture: HostPlatform.current.architecture, os: "linux", rootfs: .init(diffIDs: layers)))
    }

    @Test("what is saved is loaded again, byte for byte")
    func roundTrip() async throws {
        let work = try Workplace(), other = try Workplace()
        let digest = try await work.importLayer(layer)
        let id = try work.content.write(try configuration([digest]))
        let image = SavedImage(id: id, layers: [digest], tags: ["a:1"], references: ["docker.io/library/a:1"], created: 0)
        let archive = try await save([image], work)
        let loaded = try await other.content.load(Chunks(archive).next)
        #expect(loaded.map(\.id) == [id] && loaded[0].references == ["a:1"])
        #expect(try other.content.read(digest) == work.content.read(digest))
        #expect(try await save([image], other) == archive)
        #expect(try other.names("ingest").isEmpty)
    }

    @Test("the saved archive is an OCI layout as well")
    func layout() async throws {
        let work = try Workplace(), other = try Workplace()
        let digest = try await work.importLayer(layer)
        let id = try work.content.write(try configuration([digest]))
        let saved = try await save([SavedImage(id: id, layers: [digest], tags: ["a:1"], references: ["docker.io/library/a:1"], created: 0)], work)
        try Files.replace("\(work.root)/a.tar", with: saved)
        try #require(run(["tar", "--delete", "-f", "\(work.root)/a.tar", "manifest.json"]) == 0)
        let loaded = try await other.content.load(Chunks(try Files.read("\(work.root)/a.tar")).next)
        #expect(loaded.map(\.id) == [id] && loaded[0].references == ["docker.io/library/a:1"])
    }

    @Test("layers of an old archive may be compressed, or links to each other")
    func oldArchive() async throws {
        let work = try Workplace()
        try Files.replace("\(work.root)/l.tar", with: layer)
        try #require(run(["gzip", "-c", "\(work.root)/l.tar"], into: "\(work.root)/l.gz") == 0)
        let digest = try await work.importLayer(layer)
        let bytes = try configuration([digest, digest])
        let packed = try Files.read("\(work.root)/l.gz")
        try work.content.remove(digest)
        let archive = TestArchive.build {
            $0.bytes("one/layer.tar", packed)
            $0.link("two/layer.tar", to: "../one/layer.tar")
            $0.bytes("config.json", bytes)
            $0.file("manifest.json", #"[{"Config":"config.json","RepoTags":null,"Layers":["one/layer.tar","two/layer.tar"]}]"#)
        }
        let loaded = try await work.content.load(Chunks(archive).next)
        #expect(loaded.count == 1 && loaded[0].references.isEmpty)
        #expect(try work.content.read(digest) == layer)
    }

    @Test("of an archive's entries with the same name the last one counts, and none is left behind")
    func twice() async throws {
        let work = try Workplace()
        let digest = try await work.importLayer(layer)
        let bytes = try configuration([digest])
        try work.content.remove(digest)
        let archive = TestArchive.build {
            $0.bytes("layer.tar", [1, 2, 3])
            $0.bytes("layer.tar", layer)
            $0.bytes("config.json", bytes)
            $0.file("manifest.json", #"[{"Config":"config.json","Layers":["layer.tar"]}]"#)
        }
        #expect(try await work.content.load(Chunks(archive).next).count == 1)
        #expect(try work.content.read(digest) == layer && work.names("ingest").isEmpty)
    }

    @Test(
        "archives that are no image or contradict themselves are refused",
        arguments: [
            (#"[{"Config":"config.json","Layers":["layer.tar"]}]"#, "other", "invalid diffID for layer layer.tar"),
            (#"[{"Config":"config.json","Layers":[]}]"#, "world", "invalid manifest, layers length mismatch: expected 0, got 1"),
            (#"[{"Config":"config.json","Layers":["nosuch"]}]"#, "world", "\"nosuch\" is missing"),
            (#"[{"Config":"../../etc/passwd","Layers":["layer.tar"]}]"#, "world", "\"../../etc/passwd\" is missing"),
            (#"[{"Config":"layer.tar","Layers":["layer.tar"]}]"#, "world", "can't be read: it is no JSON"),
            ("nonsense", "world", "manifest.json can't be read: it is no JSON"),
            (#"[{"Layers":["layer.tar"]}]"#, "world", "\"Config\" is missing"),
        ])
    func refused(_ manifest: String, _ text: String, _ sentence: String) async throws {
        let work = try Workplace()
        let digest = try await Workplace().importLayer(layer)
        let bytes = try configuration([digest])
        let content = TestArchive.build { $0.file("hello", text) }
        let archive = TestArchive.build {
            $0.bytes("config.json", bytes)
            $0.bytes("layer.tar", content)
            $0.file("manifest.json", manifest)
        }
        let error = await #expect(throws: EngineError.self) { _ = try await work.content.load(Chunks(archive).next) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
        #expect(try work.names("ingest").isEmpty)
    }

    @Test("a root file system is not loaded, a sender's failure is passed on, and nothing stays of either")
    func failures() async throws {
        let work = try Workplace()
        let bytes = layer
        let error = await #expect(throws: EngineError.self) { _ = try await work.content.load(Chunks(bytes).next) }
        #expect(error?.message.contains("imported, not loaded") == true)
        let failing = Chunks(Array(bytes.prefix(600)), size: 300)
        let failed = await #expect(throws: EngineError.self) {
            _ = try await work.content.importLayer {
                if let chunk = try await failing.next() { return chunk }
                throw EngineError(.cancelled, "the client went away")
            }
        }
        #expect(failed?.code == .cancelled && failed?.message == "the client went away")
        #expect(try work.names("ingest").isEmpty && work.names("blobs/sha256").isEmpty)
    }

    private func save(_ images: [SavedImage], _ work: Workplace) async throws -> [UInt8] {
        let result = Mutex<[UInt8]>([])
        try await work.content.save(images) { bytes in result.withLock { $0 += bytes } }
        return result.withLock { $0 }
    }
}
