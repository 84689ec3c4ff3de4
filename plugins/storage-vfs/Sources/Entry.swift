public import DriverKit
import Snapshots

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .storage("vfs", version: "1.0.0", summary: "Each layer as a full copy, for any file system", capabilities: [.concurrent], options: []) {
            try TreeStorage($0.stateDirectory, CopiedTrees())
        })
}
