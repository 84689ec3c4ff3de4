public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .storage(
            "overlayfs", version: "1.0.0", summary: "Layers as folders, joined by the kernel's overlay file system",
            capabilities: [.overlayUpper, .concurrent], options: [], Overlayfs.init))
}
