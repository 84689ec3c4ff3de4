public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .volume(
            "local", version: "1.0.0", summary: "Folders of this host, and file systems that it can mount", capabilities: [.concurrent],
            objectOptions: LocalOptions.declared, LocalVolumes.init))
}
