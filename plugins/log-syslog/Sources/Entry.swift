public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .log(
            "syslog", version: "1.0.0", summary: "Lines to a syslog server: unix sockets, UDP, TCP", options: SyslogOptions.declared, Syslog.init))
}
