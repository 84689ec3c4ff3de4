public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .log(
            "json-file", version: "1.1.0", summary: "Lines as JSON in files, as Docker writes them", capabilities: [.read],
            options: JSONFileOptions.declared, JSONFile.init))
}
