import EngineErrors
import EngineModel
import Glibc
import StateStore
import Testing

/// A folder for one test, removed with everything in it.
final class Folder {
    let path: String
    init() {
        var template = Array("/tmp/state-store-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }
    var file: String { path + "/state.sqlite" }
    var names: [String] { entries(path) }
    deinit {
        for name in entries(path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

private func entries(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

private func container(_ id: String, _ name: String) -> ContainerSnapshot {
    ContainerSnapshot(
        id: id, name: name, created: 1, imageID: "sha256:0", arguments: ["sh"], configuration: ContainerConfiguration(),
        host: HostConfiguration(), storageDriver: "overlayfs")
}

/// A record whose shape the test changes under the store's feet.
private struct Old: StoredRecord, Equatable {
    static let kind = "sample"
    var recordID, word: String
    var uniqueName: String? { nil }
}

private struct New: StoredRecord, Equatable {
    static let kind = "sample"
    var recordID: String
    var word: Int
    var uniqueName: String? { nil }
}

@Test("what was saved is there after reopening, in the order of the first save")
func reopening() async throws {
    let folder = Folder()
    let store = try StateStore(path: folder.file)
    try await store.save(container("b", "one"))
    try await store.saveRelaxed(container("a", "two"))
    var changed = container("b", "three")
    changed.restartCount = 7
    try await store.save(changed)
    try await store.setValue("id", "x")
    try await store.setValue("id", "y")
    await store.close()

    let again = try StateStore(path: folder.file)
    #expect(try again.load(ContainerSnapshot.self) == [changed, container("a", "two")])
    #expect(try again.value("id") == "y")
    #expect(try again.value("other") == nil)
    #expect(again.quarantined.isEmpty)
}

@Test("a removed record stays away, and its name is free again; removing a missing one is fine")
func removal() async throws {
    let folder = Folder()
    let store = try StateStore(path: folder.file)
    try await store.save(container("a", "web"))
    try await store.remove(ContainerSnapshot.self, "a")
    try await store.remove(ContainerSnapshot.self, "a")
    try await store.save(container("b", "web"))
    #expect(try store.load(ContainerSnapshot.self).map(\.id) == ["b"])
}

@Test("a name belongs to one record of a kind, and the error says to which")
func uniqueNames() async throws {
    let folder = Folder()
    let store = try StateStore(path: folder.file)
    try await store.save(container("a", "web"))
    let failure = await #expect(throws: EngineError.self) { try await store.save(container("b", "web")) }
    #expect(failure?.code == .conflict)
    #expect(failure?.message == "the container name \"web\" is already in use by container a")
    #expect(try store.load(ContainerSnapshot.self).map(\.id) == ["a"])
    try await store.save(NetworkSnapshot(id: "n", name: "web", driver: "bridge", created: 1))
}

@Test("fifty saves at once are all kept")
func concurrent() async throws {
    let folder = Folder()
    let store = try StateStore(path: folder.file)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for round in 0..<50 {
            group.addTask { try await store.saveRelaxed(container("c\(round)", "n\(round)")) }
        }
        try await group.waitForAll()
    }
    #expect(try store.load(ContainerSnapshot.self).count == 50)
}

@Test("a record that can't be decoded is set aside and reported, and the others load")
func quarantine() async throws {
    let folder = Folder()
    let store = try StateStore(path: folder.file)
    try await store.save(Old(recordID: "bad", word: "text"))
    try await store.save(New(recordID: "good", word: 3))
    #expect(try store.load(New.self) == [New(recordID: "good", word: 3)])
    #expect(store.quarantined.count == 1)
    #expect(store.quarantined[0].hasPrefix("the stored sample bad can't be read and was set aside: "))
    #expect(try store.load(Old.self).isEmpty)
}

@Test(
    "a damaged file is set aside with its content, and a new one begun",
    arguments: [
        "no database at all, only text, and long enough to be taken for a header: 0123456789 0123456789 0123456789 0123456789",
        "SQLite format 3\0" + String(repeating: "x", count: 4096 * 2),
    ])
func damage(content: String) async throws {
    let folder = Folder()
    let descriptor = open(folder.file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    _ = content.withCString { write(descriptor, $0, content.utf8.count) }
    close(descriptor)
    let store = try StateStore(path: folder.file)
    #expect(store.quarantined.count == 1)
    try await store.save(container("a", "web"))
    let aside = folder.names.filter { $0.hasPrefix("state.sqlite.damaged-") }
    #expect(aside.count == 1)
    var status = stat()
    stat("\(folder.path)/\(aside.first ?? "")", &status)
    #expect(Int(status.st_size) == content.utf8.count)
}

@Test("a folder that does not exist is an error that names the file")
func missingFolder() {
    let failure = #expect(throws: EngineError.self) { try StateStore(path: "/nonexistent/state.sqlite") }
    #expect(failure?.code == .unavailable)
    #expect(failure?.message.contains("/nonexistent/state.sqlite") == true)
}

@Test("a closed store refuses further writes")
func closing() async throws {
    let folder = Folder()
    let store = try StateStore(path: folder.file)
    await store.close()
    await #expect(throws: EngineError.self) { try await store.save(container("a", "web")) }
}
