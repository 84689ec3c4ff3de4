/// What a command line asks for.
struct Invocation: Sendable {
    enum Action: Sendable { case run, validate, printVersion, printHelp }

    let action: Action
    let file: String
    /// The user named the file, so it must exist.
    let isFileRequired: Bool
    /// By flag, without those that are no part of the configuration.
    private let flags: [String: Setting]

    /// `arguments`: without the program's name.
    init(_ arguments: [String]) throws(ConfigurationError) {
        flags = try FlagParser.parse(arguments)
        action =
            flags["help"] == .toggle(true)
            ? .printHelp
            : flags["version"] == .toggle(true)
                ? .printVersion
                : flags["validate"] == .toggle(true) ? .validate : .run
        if case .text(let path)? = flags["config-file"] {
            file = path
            isFileRequired = true
        } else {
            file = DaemonConfiguration.defaultFile
            isFileRequired = false
        }
    }

    /// Reads the file, adds the flags and checks the whole.
    func configuration() throws(ConfigurationError) -> DaemonConfiguration {
        let configuration: DaemonConfiguration
        do throws(ConfigurationError) {
            configuration = try merged(try ConfigurationFile.read(file, isRequired: isFileRequired))
        } catch {
            throw ConfigurationError("unable to configure the daemon with file \(file): \(error)")
        }
        try Validation.check(configuration)
        return configuration
    }

    /// A directive may come from one place only.
    func merged(_ settings: [String: Setting]) throws(ConfigurationError) -> DaemonConfiguration {
        var configuration = DaemonConfiguration()
        var conflicts: [String] = []
        for directive in Directives.all {
            guard let key = directive.key else { continue }
            switch (flags[directive.flag], settings[key]) {
            case (let flag?, let setting?): conflicts.append("\(key): (from flag: \(flag), from file: \(setting))")
            case (let setting?, nil), (nil, let setting?): directive.apply(setting, to: &configuration)
            case (nil, nil): break
            }
        }
        if conflicts.isEmpty { return configuration }
        throw ConfigurationError(
            "the following directives are specified both as a flag and in the configuration file: \(conflicts.joined(separator: ", "))")
    }
}
