import Glibc
import Synchronization

/// Places around the steps that change what is kept, where tests make a process die, fail or wait.
///
/// The environment variable `GANTRY_FAIL_POINT` arms one: `NAME[:NTH][=kill|error:ERRNO|pause:MILLISECONDS]`, such as
/// `blob.rename.before:2=error:ENOSPC`; without more it kills, the first time. Otherwise a point costs one load.
public enum FailPoint {
    /// What the variable says, with the number of times that the point may still be passed.
    private static let armed = environment()
    private static let isOff = Atomic(armed == nil)
    private static let passed = Atomic(0)

    /// What processes that are started with an environment of their own get of it: "GANTRY_FAIL_POINT=…".
    public static let inherited = getenv(variable).map { "\(variable)=\(String(cString: $0))" }

    private static let variable = "GANTRY_FAIL_POINT"

    /// The point `<step>[.<subject>].before`, at which the step may fail.
    public static func before(_ step: StaticString, of subject: @autoclosure () -> String = "") throws(Errno) {
        if isOff.load(ordering: .relaxed) { return }
        if let code = reach(step, subject(), "before") { throw Errno(code, "fail point \(step)") }
    }

    /// The point `<step>[.<subject>].after`. What is done can't fail any more.
    public static func after(_ step: StaticString, of subject: @autoclosure () -> String = "") {
        if isOff.load(ordering: .relaxed) { return }
        _ = reach(step, subject(), "after")
    }

    /// - Returns: the errno with which the step fails.
    private static func reach(_ step: StaticString, _ subject: String, _ side: String) -> Int32? {
        guard let armed, armed.name == [step.description, subject, side].filter({ !$0.isEmpty }).joined(separator: ".") else { return nil }
        guard passed.add(1, ordering: .relaxed).newValue == armed.nth else { return nil }
        say("fail point \(armed.name) reached")
        switch armed.action {
        case .kill: kill(getpid(), SIGKILL)
        case .error(let code): return code
        case .pause(let milliseconds): usleep(milliseconds * 1000)
        }
        return nil
    }

    private static func environment() -> ArmedFailPoint? {
        guard let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty else { return nil }
        if let armed = ArmedFailPoint(text) { return armed }
        say("\(variable) is \"\(text)\"; write it like container.create.layer.after:2=kill, =error:EIO or =pause:100")
        exit(125)
    }

    private static func say(_ text: String) {
        var line = "\(text)\n"
        line.withUTF8 { try? Files.writeAll(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
    }
}
