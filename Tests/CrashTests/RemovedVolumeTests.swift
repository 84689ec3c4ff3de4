import TestSupport
import Testing

@Suite("a volume's record can't be removed", .enabled(if: Workplace.isRoot), .serialized)
struct RemovedVolumeTests {
    @Test("the volume, whose files are gone, is gone, and stays so")
    func record() {
        let engine = Engine(number: 88)
        defer { engine.discard() }
        engine.launch(failPoint: "state.remove.volume.before=error:EIO")
        #expect(engine.answers())
        #expect(engine.gantry("volume", "create", "made").status == 0)
        let removed = engine.gantry("volume", "rm", "made")
        #expect(removed.status == 0 && engine.log.contains("fail point state.remove.volume.before reached"), "\(removed.everything)\(engine.log)")
        #expect(engine.gantry("volume", "ls", "-q").output == "")
        #expect(engine.gantry("system", "check").output.contains("it is removed, and its record could not be"))
        engine.crash()
        #expect(engine.gantry("volume", "ls", "-q").output == "")
        let check = engine.gantry("system", "check")
        #expect(check.status == 0, "\(check.everything)")
        #expect(engine.gantry("volume", "create", "made").status == 0)
    }
}
