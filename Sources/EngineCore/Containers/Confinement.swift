import ContainerRuntime
import EngineErrors
import EngineModel

/// A process's capabilities and its seccomp filter.
enum Confinement {
    static func apply(_ host: HostConfiguration, _ security: SecurityOptions, to process: inout ProcessSpecification) throws(EngineError) {
        let names = try Capabilities.resolve(adding: host.capabilitiesAdded, dropping: host.capabilitiesDropped, privileged: host.privileged)
        process.bounding = Capabilities.mask(names)
        process.effective = process.bounding
        process.seccomp = host.privileged && security.seccomp == nil ? [] : try SeccompProgram.make(profile: security.seccomp, capabilities: names)
    }
}
