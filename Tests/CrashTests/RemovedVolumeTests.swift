import TestSupport
import Testing

@Suite("a volume that can't be removed as a whole", .enabled(if: Workplace.isRoot), .serialized)
struct RemovedVolumeTests {
    @Test("whose record stays: without its files it is gone, and remains so")
    func record() {
        let engine = Engine(number: 88)
        defer { engine.discard() }
        engine.launch(failPoint: "state.remove.volume.before=error:EIO")
        #expect(engine.answers())
        #expect(engine.gantry("volume", "create", "made").status == 0)
        let removed = engine.gantry("volume", "rm", "made")
        #expect(removed.status == 0 && engine.log.contains("fail point state.remove.volume.before reached"), "\(removed.everything)\(engine.log)")
        #expect(engine.gantry("volume", "ls", "-q").output == "")
        #expect(engine.gantry("system", "check").output.contains("it was being made or removed, and its files or its record are left"))
        engine.crash()
        #expect(engine.gantry("volume", "ls", "-q").output == "")
        let check = engine.gantry("system", "check")
        #expect(check.status == 0, "\(check.everything)")
        #expect(engine.gantry("volume", "create", "made").status == 0)
    }

    @Test("whose files stay when the next daemon removes what was cut short: it does not come back, and goes as soon as it can")
    func files() {
        let engine = Engine(number: 88)
        defer { engine.discard() }
        engine.launch(failPoint: "local-volume.remove.before")
        #expect(engine.answers() && engine.gantry("volume", "create", "--label", "a=b", "made").status == 0)
        engine.gantry("volume", "rm", "made")
        #expect(engine.awaitEnd() == 137)
        engine.launch(failPoint: "local-volume.remove.before=error:EIO")
        #expect(engine.answers() && engine.log.contains("fail point local-volume.remove.before reached"), "\(engine.log)")
        #expect(engine.gantry("volume", "ls", "-q").output == "", "\(engine.log)")
        let check = engine.gantry("system", "check")
        #expect(check.status == 0, "\(check.everything)")
        #expect(engine.gantry("volume", "create", "made").status == 0)
    }
}
