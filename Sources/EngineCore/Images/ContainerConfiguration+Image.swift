import EngineModel
import OCISpecs

extension ContainerConfiguration {
    /// What an image says about its containers.
    init(_ execution: Execution) {
        self.init()
        entrypoint = execution.entrypoint
        command = execution.command
        environment = execution.environment ?? []
        workingDirectory = execution.workingDirectory ?? ""
        user = execution.user ?? ""
        labels = execution.labels ?? [:]
        exposedPorts = (execution.exposedPorts ?? [:]).keys.compactMap { ContainerPort($0) }.sorted()
        volumes = (execution.volumes ?? [:]).keys.sorted()
        stopSignal = execution.stopSignal
        healthcheck = execution.healthcheck.map(Healthcheck.init)
    }
}

extension Healthcheck {
    init(_ check: Execution.Check) {
        self.init(
            test: check.test ?? [], interval: check.interval ?? 0, timeout: check.timeout ?? 0,
            startPeriod: check.startPeriod ?? 0, retries: check.retries ?? 0)
    }
}
