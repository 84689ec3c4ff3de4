import TestSupport
import Testing

@Suite("images", .enabled(if: Shared.isRoot), .serialized)
struct ImageTests {
    let engine = Shared.engine

    @Test("tag, list, save, remove, load: the same image comes back")
    func roundTrip() {
        let id = engine.gantry("image", "inspect", "--format", "{{.Id}}", "busybox").output.trimmed
        #expect(id.hasPrefix("sha256:"))
        #expect(engine.gantry("tag", "busybox", "copy:1").status == 0)
        #expect(engine.gantry("images", "--format", "{{.Repository}}:{{.Tag}}").output.contains("copy:1\n"))
        let archive = "\(engine.root)/copy.tar"
        #expect(engine.gantry("save", "-o", archive, "copy:1").status == 0)
        #expect(engine.gantry("rmi", "copy:1").output.contains("Untagged: copy:1"))
        let missing = engine.gantry("run", "--rm", "copy:1", "true")
        #expect(missing.status == 125, "\(missing.everything)")
        let loaded = engine.gantry("load", "-i", archive)
        #expect(loaded.output.contains("Loaded image: copy:1"), "\(loaded.everything)")
        #expect(engine.gantry("image", "inspect", "--format", "{{.Id}}", "copy:1").output.trimmed == id)
        #expect(engine.gantry("run", "--rm", "copy:1", "echo", "same").output == "same\n")
        #expect(engine.gantry("rmi", "copy:1").status == 0)
    }

    @Test("an image that a container uses is not removed")
    func inUse() {
        engine.withoutLeaks { name in
            engine.gantry("create", "--name", name, "busybox", "true")
            let refused = engine.gantry("rmi", "busybox")
            #expect(refused.status == 1 && refused.errors.contains("conflict: unable to remove repository reference \"busybox\""), "\(refused.everything)")
        }
    }

    @Test("nonsense is refused and leaves nothing")
    func nonsense() {
        engine.withoutLeaks { _ in
            #expect(engine.gantry("load", input: "this is no archive").status == 1)
            #expect(engine.gantry("import", "/no/such/file").status == 1)
            #expect(engine.gantry("tag", "busybox", "UPPER:x").errors.contains("invalid reference format"))
            #expect(engine.gantry("image", "inspect", "nosuch").status == 1)
        }
    }
}
