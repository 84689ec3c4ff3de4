public import DriverKit

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .network(
            "bridge", version: "1.0.0", summary: "A bridge for each network, with addresses, NAT and published ports",
            capabilities: [.concurrent, .ports, .addresses],
            objectOptions: [
                DriverOption(BridgeOption.name, .string, "Name of the bridge's interface; default: gt- and the network's id"),
                DriverOption(BridgeOption.mtu, .integer, default: "1500", "Bytes in a packet, at most"),
                DriverOption(BridgeOption.masquerade, .boolean, default: "true", "Packets to the outside carry the host's address"),
                DriverOption(BridgeOption.connectivity, .boolean, default: "true", "Containers of the network reach one another"),
                DriverOption(BridgeOption.bindAddress, .string, default: "0.0.0.0", "Host address of ports published without one"),
                DriverOption(BridgeOption.isDefault, .boolean, default: "false", "Docker's mark of the default network; no effect"),
            ], Bridge.init))
}
