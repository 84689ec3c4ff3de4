/// One command: how it is called and what it does.
struct Command: Sendable {
    /// "run", then its other names: "container run".
    var names: [String]
    /// Behind the name: "[OPTIONS] IMAGE [COMMAND] [ARG...]".
    var usage: String
    var summary: String
    var flags: [Flag] = []
    var words: ClosedRange<Int> = 0...Int.max
    /// Off: what follows the first word belongs to the container's command.
    var allowsFlagsAfterWords = true
    /// The status for errors that have none of their own: 125 where the container's status is the usual answer.
    var errorStatus: Int32 = 1
    /// Returns the exit status.
    var run: @Sendable (Invocation) throws -> Int32

    var name: String { names[0] }
    var usageLine: String { "Usage:  gantry \(name)\(usage.isEmpty ? "" : " \(usage)")" }

    func checkCount(_ count: Int) throws(Refusal) {
        func number(_ count: Int) -> String { "\(count) argument\(count == 1 ? "" : "s")" }
        let problem: String
        if words == 0...0, count > 0 {
            problem = "accepts no arguments"
        } else if words.lowerBound == words.upperBound, count != words.lowerBound {
            problem = "requires \(number(words.lowerBound))"
        } else if count < words.lowerBound {
            problem = "requires at least \(number(words.lowerBound))"
        } else if count > words.upperBound {
            problem = "requires at most \(number(words.upperBound))"
        } else {
            return
        }
        throw Refusal("gantry: 'gantry \(name)' \(problem)")
    }
}

/// All commands.
enum CommandTable {
    static let all: [Command] = [
        .containerRun, .containerExec, .containerList, .containerCreate, .containerStart, .containerStop, .containerKill, .containerRestart,
        .containerRemove, .containerLogs, .containerAttach, .containerWait, .containerPause, .containerUnpause, .containerRename, .containerTop,
        .containerPort, .containerUpdate, .containerPrune, .inspect, .containerInspect, .events, .imageList, .imageInspect, .imageImport, .imageLoad, .imageSave,
        .imageTag, .imageRemove, .imageHistory, .imagePrune, .imageMigrate, .containerMigrate, .networkList, .networkInspect, .networkCreate, .networkRemove, .networkPrune, .volumeList,
        .volumeCreate, .volumeInspect, .volumeRemove, .volumePrune, .driverList, .driverInspect, .driverVerify, .driverNew, .driverCalls, .driverInstall, .driverUpgrade, .driverRemove,
        .diskUsage, .systemDump, .systemCheck, .systemPrune,
        .info,
        .version,
    ]

    static func named(_ name: String) -> Command? { all.first { $0.names.contains(name) } }
}
