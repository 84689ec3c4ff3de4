import DriverHost
import Glibc
import LinuxSystem

/// The program `gantry-driver-verify`.
public enum Program {
    private static let usage = """
        Usage:  gantry driver verify [OPTIONS] FILE

        Check a driver's file against the contract

        Options:
          -o, --option KEY=VALUE         Option of each instance that is opened
              --object-option KEY=VALUE  Option of each network or volume that is made
              --only CHECK               Run this check only, or this group ("driver", "log"); can be repeated
              --state DIR                Folder to work in, for drivers that need a certain file system (default: /var/tmp)
              --json                     Report as JSON
              --list                     List the checks and what each demands

        Ends with 0 when nothing failed, 1 when a check failed, 2 when the file can't be loaded or the arguments are wrong.

        """

    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        let parsed: Arguments
        do throws(Arguments.Problem) { parsed = try Arguments(arguments) } catch { return complain(error.text) }
        let settings = parsed.settings, words = parsed.words
        if parsed.wantsHelp {
            write(usage, to: STDOUT_FILENO)
            return 0
        }
        if settings.check != nil || settings.actor != nil || settings.describes, !words.isEmpty { return Child.run(settings, words) }
        if settings.lists && words.isEmpty {
            for kind in DriverKind.allCases { list(kind, settings, prefix: "\(kind) ") }
            return 0
        }
        guard words.count == 1 else { return complain("'gantry driver verify' requires 1 argument: the driver's file") }
        if geteuid() != 0 { return complain("a driver is verified as root: it works on mounts, devices and network namespaces") }
        do { return try verify(settings, absolute(words[0])) } catch let refusal as Verification.Refusal {
            write(settings.isJSON ? "\(ReportJSON.error(refusal.text))\n" : "\(refusal.text)\n", to: settings.isJSON ? STDOUT_FILENO : STDERR_FILENO)
            return 2
        } catch { return complain("\(error)") }
    }

    private static func verify(_ settings: Settings, _ path: String) throws -> Int32 {
        let scratch = try ScratchFolder(in: settings.place)
        defer { scratch.remove() }
        if settings.times {
            try CallTime.print(path, in: scratch.path)
            return 0
        }
        let verification = Verification(settings: settings, path: path)
        let facts = try verification.describe(in: scratch.path)
        guard let kind = DriverKind.allCases.first(where: { $0.description == facts.kind }) else { throw Verification.Refusal(text: "\(facts.kind) is no kind of driver") }
        if settings.lists {
            list(kind, settings, prefix: "")
            return 0
        }
        for name in settings.only where !Suites.checks(of: kind).contains(where: { $0.name == name || $0.name.hasPrefix("\(name).") }) {
            return complain("no check of a \(kind) driver is called \(name); see --list")
        }
        let begin = Clock.now
        let results = try verification.run(kind, in: scratch.path) { if !settings.isJSON { write("\(Report.line($0))\n", to: STDOUT_FILENO) } }
        let seconds = Clock.now - begin
        write((settings.isJSON ? ReportJSON.text(facts, results, seconds: seconds) : "\n" + Report.summary(facts, results, seconds: seconds)) + "\n", to: STDOUT_FILENO)
        return results.contains { $0.verdict == .failed } ? 1 : 0
    }

    private static func list(_ kind: DriverKind, _ settings: Settings, prefix: String) {
        for check in Suites.checks(of: kind) where settings.wants(check) { write("\(prefix)\(check.name): \(check.demand)\n", to: STDOUT_FILENO) }
    }

    /// From this folder, and without symbolic links in its own.
    private static func absolute(_ path: String) -> String {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let real = realpath(folder, nil) else { return path }
        defer { free(real) }
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        return String(cString: real) == "/" ? "/\(name)" : "\(String(cString: real))/\(name)"
    }

    private static func complain(_ text: String) -> Int32 {
        write("gantry-driver-verify: \(text)\n", to: STDERR_FILENO)
        return 2
    }

    private static func write(_ text: String, to descriptor: Int32) {
        try? Array(text.utf8).withUnsafeBytes { try Files.writeAll(descriptor, $0) }
    }
}
