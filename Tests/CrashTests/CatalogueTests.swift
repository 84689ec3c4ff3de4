import LinuxSystem
import TestSupport
import Testing

/// The fail points that the sources have, and those that tests come by.
@Suite("the catalogue of fail points")
struct CatalogueTests {
    private static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

    private static let inSources: Set<String> = {
        let found = Command.run(["grep", "-rhoE", #"FailPoint\.(before|after)\("[^"]+"\)"#, "\(root)/Sources", "\(root)/plugins"]).output
        return Set(found.split(separator: "\n").map { line in "\(line.split(separator: "\"")[1]).\(line.contains(".before(") ? "before" : "after")" })
    }()

    private static let visited: Set<String> = {
        let operations = Operations.all.flatMap { $0.points + $0.failing }
        let others = OtherProcessesTests.bootPoints + OtherProcessesTests.shims.flatMap(\.points) + OtherProcessesTests.more
        return Set((operations + others).map { String($0.split(separator: ":")[0]) })
    }()

    @Test("each is visited, and no other")
    func complete() {
        #expect(Self.inSources.count > 60)
        #expect(Self.inSources.subtracting(Self.visited).sorted() == [])
        #expect(Self.visited.filter { !$0.hasPrefix("state.") }.subtracting(Self.inSources).sorted() == [])
    }

    @Test("each kind of record is saved and removed under a point")
    func records() {
        let kinds = Command.run(["grep", "-hoE", #"kind: String \{ "[^"]+""#, "\(Self.root)/Sources/StateStore/StoredRecord.swift"]).output
            .split(separator: "\n").map { String($0.split(separator: "\"")[1]) }
        #expect(kinds.count >= 5)
        for kind in kinds {
            let wanted = Operations.saved(kind) + Operations.removed(kind)
            #expect(Set(wanted).subtracting(Self.visited).sorted() == [])
        }
    }
}
