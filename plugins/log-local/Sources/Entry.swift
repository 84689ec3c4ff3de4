public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .log(
            "local", version: "1.0.0", summary: "Lines in compact, checksummed files that are compressed when they are full", capabilities: [.read],
            options: LocalOptions.declared, LocalLog.init))
}
