public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .network(
            "macvlan", version: "1.0.0", summary: "Containers with addresses of their own on an interface of the host", capabilities: [.concurrent, .addresses],
            objectOptions: [
                DriverOption(MacvlanOption.parent, .string, "Interface of the host, as eth0, or eth0.10 for its VLAN 10; default: one of its own that leads nowhere"),
                DriverOption(MacvlanOption.mode, .string, default: "bridge", "bridge, private, vepa or passthru"),
                DriverOption(MacvlanOption.mtu, .integer, default: "0", "Bytes in a packet, at most; 0: the parent's"),
            ], Macvlan.init))
}
