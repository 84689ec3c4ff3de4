import DriverKit
import EngineCore
import EngineModel
import EngineWire

/// Version, information, events and drivers in Docker's words.
enum SystemBody {
    static func version(_ information: SystemInformation) -> JSONValue {
        let details: JSONValue = [
            "ApiVersion": .string("\(APIVersion.maximum)"), "Arch": .string(architecture(information)), "BuildTime": "", "Experimental": "false", "GitCommit": "",
            "GoVersion": "", "KernelVersion": .string(information.kernel), "MinAPIVersion": .string("\(APIVersion.minimum)"), "Os": "linux",
        ]
        return [
            "Platform": ["Name": "Gantry Engine"],
            "Components": [["Name": "Engine", "Version": .string(HTTPServer.engineVersion), "Details": details]],
            "Version": .string(HTTPServer.engineVersion), "ApiVersion": .string("\(APIVersion.maximum)"), "MinAPIVersion": .string("\(APIVersion.minimum)"),
            "GitCommit": "", "GoVersion": "", "Os": "linux", "Arch": .string(architecture(information)), "KernelVersion": .string(information.kernel), "BuildTime": "",
        ]
    }

    /// Go's name of the machine.
    private static func architecture(_ information: SystemInformation) -> String {
        ["x86_64": "amd64", "aarch64": "arm64"][information.architecture] ?? information.architecture
    }

    static func information(_ information: SystemInformation) -> JSONValue {
        var body: JSONValue = [
            "ID": .string(information.id), "Containers": .integer(Int64(information.containers)), "ContainersRunning": .integer(Int64(information.running)),
            "ContainersPaused": .integer(Int64(information.paused)), "ContainersStopped": .integer(Int64(information.stopped)),
            "Images": .integer(Int64(information.images)), "Driver": .string(information.storageDriver),
            "DriverStatus": [["Drivers in use", .string(information.storageInUse.joined(separator: " "))]],
            "Plugins": [
                "Volume": JSONValue(information.drivers["volume"] ?? []), "Network": JSONValue(information.drivers["network"] ?? []), "Authorization": nil,
                "Log": JSONValue(information.drivers["log"] ?? []), "Storage": JSONValue(information.drivers["storage"] ?? []),
            ],
            "MemoryLimit": true, "SwapLimit": true, "CpuCfsPeriod": true, "CpuCfsQuota": true, "CPUShares": true, "CPUSet": true, "PidsLimit": true,
            "IPv4Forwarding": true, "Debug": .bool(information.debug), "NFd": .integer(Int64(information.openDescriptors)), "OomKillDisable": true,
            "NGoroutines": 0, "SystemTime": .string(Timestamp.format(information.now)), "LoggingDriver": .string(information.logDriver),
            "CgroupDriver": .string(information.cgroupDriver), "CgroupVersion": .string(information.cgroupVersion),
            "NEventsListener": .integer(Int64(information.eventListeners)), "KernelVersion": .string(information.kernel),
            "OperatingSystem": .string(information.operatingSystem), "OSVersion": .string(information.osVersion), "OSType": "linux",
            "Architecture": .string(information.architecture), "IndexServerAddress": "",
        ]
        body["RegistryConfig"] = [
            "AllowNondistributableArtifactsCIDRs": nil, "AllowNondistributableArtifactsHostnames": nil,
            "InsecureRegistryCIDRs": JSONValue(information.insecureRegistries), "IndexConfigs": [:], "Mirrors": JSONValue(information.registryMirrors),
        ]
        body["NCPU"] = .integer(Int64(information.cpus))
        body["MemTotal"] = .integer(information.memory)
        body["GenericResources"] = .null
        body["DockerRootDir"] = .string(information.dataRoot)
        for name in ["HttpProxy", "HttpsProxy", "NoProxy"] { body[name] = "" }
        body["Name"] = .string(information.name)
        body["Labels"] = JSONValue(information.labels)
        body["ExperimentalBuild"] = .bool(information.experimental)
        body["ServerVersion"] = .string(HTTPServer.engineVersion)
        body["Runtimes"] = ["runc": ["path": "gantry-shim"]]
        body["DefaultRuntime"] = "runc"
        body["Swarm"] = ["NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": false, "Error": "", "RemoteManagers": nil]
        body["LiveRestoreEnabled"] = true
        body["Isolation"] = ""
        body["InitBinary"] = "gantry-init"
        for name in ["ContainerdCommit", "RuncCommit", "InitCommit"] { body[name] = ["ID": "", "Expected": ""] }
        body["SecurityOptions"] = JSONValue(information.securityOptions)
        body["Warnings"] = information.warnings.isEmpty ? nil : JSONValue(information.warnings)
        return body
    }

    static func event(_ event: EngineEvent) -> JSONValue {
        var body: JSONValue = [:]
        if event.kind == .container {
            body["status"] = .string(event.action)
            body["id"] = .string(event.actor)
            body["from"] = .string(event.attributes["image"] ?? "")
        }
        body["Type"] = .string(event.kind.rawValue)
        body["Action"] = .string(event.action)
        body["Actor"] = ["ID": .string(event.actor), "Attributes": JSONValue(event.attributes)]
        body["scope"] = "local"
        body["time"] = .integer(event.time / 1_000_000_000)
        body["timeNano"] = .integer(event.time)
        return body
    }
}
