import EngineClient
import Glibc

/// The command line as a whole.
///
/// A table of commands and a small parser of flags, no argument-parsing library:
/// see decision 5 in the documentation of the daemon.
public enum Gantry {
    public static let version = "0.1.0"

    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do {
            let global = try FlagParser(flags: GlobalFlags.flags, allowsFlagsAfterWords: false).parse(arguments)
            if global.values.bool("version") {
                Output.line("Gantry version \(version)")
                return 0
            }
            guard !global.words.isEmpty, !global.wantsHelp else {
                Output.write(Help.text(group: nil, CommandTable.all).utf8)
                return 0
            }
            return try dispatch(global.words, global.values)
        } catch let refusal as Refusal {
            Output.error("\(refusal.message)\nSee 'gantry --help'.")
            return 125
        } catch {
            Output.error("\(error)")
            return 1
        }
    }

    private static func dispatch(_ words: [String], _ global: FlagValues) throws -> Int32 {
        let pair = words.prefix(2).joined(separator: " ")
        if words.count > 1, let command = CommandTable.named(pair) { return run(command, words.dropFirst(2), global) }
        if let command = CommandTable.named(words[0]) { return run(command, words.dropFirst(), global) }
        let group = words[0] == "help" ? nil : words[0]
        let members = CommandTable.all.filter { $0.names.contains { $0.hasPrefix("\(group ?? "") ") } }
        if words[0] == "help" || !members.isEmpty {
            if words[0] == "help", words.count > 1 { return try dispatch(Array(words.dropFirst()) + ["--help"], global) }
            let unknown = words.dropFirst().first { !$0.hasPrefix("-") }
            if let unknown, group != nil { throw Refusal("gantry: unknown command: gantry \(words[0]) \(unknown)\n") }
            Output.write(Help.text(group: group, CommandTable.all).utf8)
            return 0
        }
        Output.error("gantry: unknown command: gantry \(words[0])\n\nRun 'gantry --help' for more information")
        return 1
    }

    private static func run(_ command: Command, _ arguments: ArraySlice<String>, _ global: FlagValues) -> Int32 {
        do {
            let parser = FlagParser(flags: command.flags, allowsFlagsAfterWords: command.allowsFlagsAfterWords)
            let parsed: FlagParser.Result
            do {
                parsed = try parser.parse(arguments)
                if !parsed.wantsHelp { try command.checkCount(parsed.words.count) }
            } catch {
                Output.error("\(error)\n\n\(command.usageLine)\n\nRun 'gantry \(command.name) --help' for more information")
                return error.message.hasPrefix("gantry: ") ? 1 : 125
            }
            if parsed.wantsHelp {
                Output.write(Help.text(command).utf8)
                return 0
            }
            let engine = try GlobalFlags.engine(global)
            return try command.run(Invocation(command: command, flags: parsed.values, words: parsed.words, engine: engine))
        } catch let exit as Exit {
            return exit.status
        } catch {
            return report(error, command)
        }
    }

    /// For commands whose status is the container's own, 125 and more words.
    private static func report(_ error: any Error, _ command: Command) -> Int32 {
        let status = (error as? Refusal)?.status ?? command.errorStatus
        if command.errorStatus == 125 {
            Output.error("gantry: \(error)\n\nRun 'gantry \(command.name) --help' for more information")
        } else {
            Output.error("\(error)")
        }
        return status
    }
}
