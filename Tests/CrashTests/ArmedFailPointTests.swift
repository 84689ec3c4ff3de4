import Glibc
import LinuxSystem
import Testing

@Suite("the text that arms a fail point")
struct ArmedFailPointTests {
    @Test(
        "name, number and action",
        arguments: [
            ("blob.rename.before", "blob.rename.before", 1, ArmedFailPoint.Action.kill),
            ("blob.rename.before:3", "blob.rename.before", 3, .kill),
            ("a.after=kill", "a.after", 1, .kill),
            ("a.after:2=error:ENOSPC", "a.after", 2, .error(ENOSPC)),
            ("a.after=pause:150", "a.after", 1, .pause(150)),
        ])
    func readable(_ text: String, _ name: String, _ nth: Int, _ action: ArmedFailPoint.Action) {
        let armed = ArmedFailPoint(text)
        #expect(armed?.name == name && armed?.nth == nth && armed?.action == action)
    }

    @Test("what is something else is refused", arguments: ["", "=kill", "a:0", "a:x", "a:1:2", "a=", "a=die", "a=kill:1", "a=error", "a=error:EWHAT", "a=pause:-1", "a=kill=kill"])
    func unreadable(_ text: String) {
        #expect(ArmedFailPoint(text) == nil)
    }
}
