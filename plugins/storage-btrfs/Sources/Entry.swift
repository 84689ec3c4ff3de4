public import DriverKit
import Snapshots

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .storage(
            "btrfs", version: "1.0.0", summary: "Layers as subvolumes and snapshots of a btrfs file system", capabilities: [.concurrent], options: []
        ) {
            try FileSystemCheck.run($0.stateDirectory)
            return try TreeStorage($0.stateDirectory, Subvolumes())
        })
}
