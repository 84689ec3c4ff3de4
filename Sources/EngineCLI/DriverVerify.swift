import Glibc

extension Command {
    /// Runs beside the engine and without one: another program loads the driver.
    static let driverVerify = Command(
        names: ["driver verify"], usage: "[OPTIONS] FILE", summary: "Check a driver's file against the contract",
        flags: [
            Flag("option", "o", .list, "Option of each instance that is opened (key=value)"),
            Flag("object-option", nil, .list, "Option of each network or volume that is made (key=value)"),
            Flag("only", nil, .list, "Run this check only, or this group of checks"),
            Flag("state", nil, .text, "Folder to work in, for drivers that need a certain file system"),
            Flag("json", nil, .bool, "Report as JSON"),
            Flag("list", nil, .bool, "List the checks and what each demands"),
        ], words: 0...1
    ) { call in
        var arguments: [String] = []
        for name in ["option", "object-option", "only"] { for value in call.flags.list(name) { arguments += ["--\(name)", value] } }
        if let place = call.flags.optional("state") { arguments += ["--state", place] }
        for name in ["json", "list"] where call.flags.bool(name) { arguments.append("--\(name)") }
        throw Refusal(try Verifier.become(arguments + call.words))
    }
}

/// The program that checks drivers; it has what this small one has not.
private enum Verifier {
    private static let name = "gantry-driver-verify"

    /// Goes on as that program. - Returns: why not.
    static func become(_ arguments: [String]) throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        // Beside this one in a build, in `lib/gantry` where it is installed.
        for path in ["\(folder)/\(name)", "\(folder)/../lib/gantry/\(name)"] {
            let argv = ([path] + arguments).map { strdup($0) } + [nil]
            execv(path, argv)
            if errno != ENOENT { return "\(path) can't be run: \(String(cString: strerror(errno)))" }
        }
        return "\(name) is neither in \(folder) nor in \(folder)/../lib/gantry; install Gantry again"
    }
}
