import EngineClient
import EngineWire

extension Command {
    private static let formatFlag = [Flag("format", "f", .text, "Format output using a custom template")]

    static let version = Command(names: ["version"], usage: "[OPTIONS]", summary: "Show the Gantry version information", flags: formatFlag, words: 0...0) { call in
        var server = JSONValue.null, failure: (any Error)?
        do { server = try call.engine.get("/version") } catch { failure = error }
        let client: JSONValue = ["Version": .string(Gantry.version), "ApiVersion": .string(call.engine.version), "Os": "linux"]
        if try !show(["Client": client, "Server": server], call.flags["format"]) {
            Output.line("Client: Gantry\n Version:           \(Gantry.version)\n API version:       \(call.engine.version)\n OS:                linux")
            if failure == nil { Output.write(Self.server(server).utf8) }
        }
        guard let failure else { return 0 }
        throw failure
    }

    private static func server(_ server: JSONValue) -> String {
        """

        Server: \(server["Platform"]["Name"].string)
         Engine:
          Version:          \(server["Version"].string)
          API version:      \(server["ApiVersion"].string) (minimum version \(server["MinAPIVersion"].string))
          OS/Arch:          \(server["Os"].string)/\(server["Arch"].string)
          Kernel Version:   \(server["KernelVersion"].string)

        """
    }

    static let info = Command(names: ["info", "system info"], usage: "[OPTIONS]", summary: "Display system-wide information", flags: formatFlag, words: 0...0) { call in
        let info = try call.engine.get("/info")
        if try show(info, call.flags["format"]) { return 0 }
        Output.write(text(info).utf8)
        for warning in info["Warnings"].array { Output.error(warning.string) }
        return 0
    }

    /// True: the format was served.
    private static func show(_ value: JSONValue, _ format: String) throws -> Bool {
        if format.isEmpty { return false }
        Output.line(format == "json" ? value.text : try Template.render(try Template.parse(format), value))
        return true
    }

    private static func text(_ info: JSONValue) -> String {
        func list(_ name: String) -> String { info["Plugins"][name].array.map(\.string).joined(separator: " ") }
        return """
            Client: Gantry
             Version:    \(Gantry.version)

            Server:
             Containers: \(info["Containers"].integer)
              Running: \(info["ContainersRunning"].integer)
              Paused: \(info["ContainersPaused"].integer)
              Stopped: \(info["ContainersStopped"].integer)
             Images: \(info["Images"].integer)
             Server Version: \(info["ServerVersion"].string)
             Storage Driver: \(info["Driver"].string)
              In use: \(info["DriverStatus"].array.first { $0[0].string == "Drivers in use" }?[1].string ?? "")
             Logging Driver: \(info["LoggingDriver"].string)
             Cgroup Driver: \(info["CgroupDriver"].string)
             Cgroup Version: \(info["CgroupVersion"].string)
             Drivers:
              Storage: \(list("Storage"))
              Network: \(list("Network"))
              Log: \(list("Log"))
              Volume: \(list("Volume"))
             Kernel Version: \(info["KernelVersion"].string)
             Operating System: \(info["OperatingSystem"].string)
             OSType: \(info["OSType"].string)
             Architecture: \(info["Architecture"].string)
             CPUs: \(info["NCPU"].integer)
             Total Memory: \(Human.binarySize(info["MemTotal"].integer))
             Name: \(info["Name"].string)
             ID: \(info["ID"].string)
             Docker Root Dir: \(info["DockerRootDir"].string)
             Debug Mode: \(info["Debug"].bool)

            """
    }
}
