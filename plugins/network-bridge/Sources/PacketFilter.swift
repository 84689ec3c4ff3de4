import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

/// The daemon's one table of the packet filter. Its rules never change; networks and published ports are elements of
/// its sets, and each carries the id of its network or endpoint as a comment.
enum PacketFilter {
    // Sets of networks. An interface's name is 16 bytes, a pair of them is (input, output).
    static let bridges = "bridges"
    static let inside = "inside"
    static let isolated = "internal"
    static let subnets = "subnets"
    static let networkSets = [bridges, inside, isolated, subnets]
    // Maps of published ports to (address, port) of a container.
    static let anyAddress = "published"
    static let oneAddress = "published_address"
    static let portMaps = [anyAddress, oneAddress]

    static let sets = [
        ElementSet(bridges, key: [.interfaceName]),
        ElementSet(inside, key: [.interfaceName, .interfaceName]),
        ElementSet(isolated, key: [.interfaceName]),
        ElementSet(subnets, key: [.address], isInterval: true),
        ElementSet(anyAddress, key: [.transport, .port], value: [.address, .port]),
        ElementSet(oneAddress, key: [.address, .transport, .port], value: [.address, .port]),
    ]

    /// Makes the table or brings its rules in line; elements stay.
    static let setUp: [NetfilterRequest] =
        [.addTable] + sets.map { .addSet($0) } + chains.map { .addChain($0) } + [.deleteRules] + chains.map { .addRules($0) }

    static let ruleCount = chains.reduce(0) { $0 + $1.rules.count }

    // MARK: rules

    private static let key = Register(0)
    /// Where a second value, of up to 16 bytes, goes.
    private static let second = Register(4)
    private static let result = Register(8)

    private static let chains = [guardChain, destinations, prerouting, output, postrouting, forward]

    /// 127.0.0.0/8 is routed on bridges, for the answers to what the host asks there. Containers may not use that to
    /// reach services that listen on the host's loopback only. Before NAT, which turns answers into such packets.
    private static let guardChain = Chain(
        "loopback_guard", .filter, .prerouting, priority: -300,
        rules: [
            toLoopback + [.inputName(key), .contains(key, set: bridges), .drop]
        ])

    private static let destinations = Chain(
        "destinations",
        rules: [
            [
                .networkHeader(offset: 16, length: 4, Register(0)), .networkHeader(offset: 9, length: 1, Register(1)),
                .transportHeader(offset: 2, length: 2, Register(2)),
                .look(Register(0), map: oneAddress, into: result), .destinationNAT(address: Register(8), port: Register(9)),
            ],
            [
                .networkHeader(offset: 9, length: 1, Register(0)), .transportHeader(offset: 2, length: 2, Register(1)),
                .look(Register(0), map: anyAddress, into: result), .destinationNAT(address: Register(8), port: Register(9)),
            ],
        ])

    /// Packets for 127.0.0.0/8 that come over a wire are nobody's: a port published on 127.0.0.1 is the host's alone.
    private static let prerouting = Chain(
        "prerouting", .nat, .prerouting, priority: -100,
        rules: [
            toLoopback + [.return],
            toThisHost + [.jump("destinations")],
        ])

    private static let output = Chain("output", .nat, .output, priority: -100, rules: [toThisHost + [.jump("destinations")]])

    private static let postrouting = Chain(
        "postrouting", .nat, .postrouting, priority: 100,
        rules: [
            // To the outside.
            fromSubnet + [.outputName(key), .lacks(key, set: bridges), .masquerade],
            // From a container to a published port, perhaps its own: the answer has to come back through the host.
            fromSubnet + wasRedirected + [.outputName(key), .contains(key, set: bridges), .masquerade],
            // From the host's 127.0.0.1 to a published port.
            [.networkHeader(offset: 12, length: 1, key), .isEqual(key, [127]), .outputName(key), .contains(key, set: bridges), .masquerade],
        ])

    /// Nothing but published ports is reachable from outside a network, and internal ones have no way out.
    private static let forward = Chain(
        "forward", .filter, .forward, priority: 0,
        rules: [
            [.connectionState(key), .mask(key, native(0x6)), .isNotEqual(key, native(0)), .accept],
            [.inputName(key), .outputName(second), .contains(key, set: inside), .accept],
            [.inputName(key), .contains(key, set: isolated), .drop],
            [.outputName(key), .contains(key, set: isolated), .drop],
            wasRedirected + [.accept],
            [.outputName(key), .contains(key, set: bridges), .drop],
        ])

    private static let toLoopback: [Expression] = [.networkHeader(offset: 16, length: 1, key), .isEqual(key, [127])]
    /// RTN_LOCAL is 2.
    private static let toThisHost: [Expression] = [.destinationType(key), .isEqual(key, native(2))]
    private static let fromSubnet: [Expression] = [.networkHeader(offset: 12, length: 4, key), .contains(key, set: subnets)]
    /// IPS_DST_NAT is 0x20.
    private static let wasRedirected: [Expression] = [.connectionStatus(key), .mask(key, native(0x20)), .isNotEqual(key, native(0))]

    private static func native(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
