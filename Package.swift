// swift-tools-version:6.2
import PackageDescription

// DIST=1: run paths of the installed tree instead of this machine's toolchain.
let dist = Context.environment["DIST"] == "1"

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Run path of a release file, relative to its own folder.
func runPath(_ relative: String) -> [String] {
    dist ? ["-no-toolchain-stdlib-rpath", "-Xlinker", "-rpath=$ORIGIN/\(relative)"] : []
}

/// A Swift runtime inside the file itself, for what must start fast and stand alone.
let staticRuntime: [SwiftSetting] = [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]
let staticLink: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-Xclang-linker", "-no-pie", "-Xlinker", "--gc-sections"],
        .when(configuration: .release))
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

/// Calls of the C library that drivers under test find in the program that checks them.
let faultPoints = [
    "write", "pwrite", "pwrite64", "writev", "copy_file_range", "mkdir", "mkdirat", "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat", "setxattr", "lsetxattr",
    "fsetxattr", "rename", "renameat", "renameat2", "ftruncate", "ftruncate64", "truncate", "unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fsync", "fdatasync", "syncfs",
    "open", "open64", "openat", "openat64",
]

// MARK: drivers

struct Driver {
    var folder: String
    var dependencies: [Target.Dependency] = []
    var standsAlone = false
}

let drivers = [
    Driver(folder: "storage-overlayfs", dependencies: ["LinuxSystem", "Snapshots"]),
    Driver(folder: "storage-vfs", dependencies: ["LinuxSystem", "Snapshots"]),
    Driver(folder: "storage-btrfs", dependencies: ["CLinux", "LinuxSystem", "Snapshots"]),
    Driver(folder: "network-bridge", dependencies: ["LinuxSystem", "LinuxNetlink"]),
    Driver(folder: "network-macvlan", dependencies: ["LinuxSystem", "LinuxNetlink"]),
    Driver(folder: "network-host"),
    Driver(folder: "network-none", dependencies: ["LinuxSystem", "LinuxNetlink"]),
    Driver(folder: "log-json-file", dependencies: ["LinuxSystem", "LogKit", "Gzip"], standsAlone: true),
    Driver(folder: "log-local", dependencies: ["LinuxSystem", "LogKit", "Gzip"], standsAlone: true),
    Driver(folder: "log-syslog", standsAlone: true),
    Driver(folder: "log-none", standsAlone: true),
    Driver(folder: "volume-local", dependencies: ["LinuxSystem"]),
]

func target(_ driver: Driver) -> Target {
    let own = ["-static-stdlib", "-Xlinker", "--gc-sections"]
    return .target(
        name: driver.folder,
        dependencies: ["DriverKit"] + driver.dependencies,
        path: "plugins/\(driver.folder)",
        exclude: ["driver.json", "README.md"],
        sources: ["Sources"],
        swiftSettings: strict + (driver.standsAlone ? staticRuntime : []),
        linkerSettings: [
            .unsafeFlags(
                runPath("../../../runtime") + [
                    "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "defs",
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/plugins/driver.map",
                ])
        ] + (driver.standsAlone ? [.unsafeFlags(own, .when(configuration: .release))] : []))
}

// MARK: dependencies

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "gantry",
    products: [
        .executable(name: "gantry", targets: ["gantry"]),
        .executable(name: "gantryd", targets: ["gantryd"]),
        .executable(name: "gantry-shim", targets: ["gantry-shim"]),
        .executable(name: "gantry-driver-host", targets: ["gantry-driver-host"]),
        .executable(name: "gantry-driver-verify", targets: ["gantry-driver-verify"]),
        .library(name: "EngineClient", targets: ["EngineClient"]),
    ] + drivers.map { .library(name: $0.folder, type: .dynamic, targets: [$0.folder]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C, and Debian's libraries
        .systemLibrary(name: "CNetfilter", providers: [.apt(["libmnl-dev", "libnftnl-dev"])]),
        .systemLibrary(name: "CSeccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CCapability", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CLauncher", dependencies: ["CLinux"]),
        .target(name: "CDriverABI"),
        .target(name: "CFaultPoints"),
        .target(name: "CReserve"),

        // leaves
        module("EngineErrors"),
        module("DriverKit", ["CDriverABI"]),
        module("LinuxSystem", ["CLinux", "EngineErrors"]),
        module("Snapshots", ["DriverKit", "LinuxSystem"]),
        module("LogKit", ["DriverKit"], settings: staticRuntime),
        // A shim loads it with its log driver: no other library to find and to map.
        .target(name: "Gzip", dependencies: ["CZlib", "LinuxSystem"], swiftSettings: strict + staticRuntime, linkerSettings: [.unsafeFlags(["-Xlinker", "-l:libz.a"])]),
        module("LinuxNetlink", ["LinuxSystem", "CLinux", "CNetfilter"]),
        module("LinuxCgroups", ["LinuxSystem", "CLinux", "EngineErrors"]),
        module("ShimProtocol", ["LinuxSystem"], settings: staticRuntime),
        module("OCISpecs", ["EngineErrors"]),
        module("EngineModel", ["OCISpecs", "EngineErrors"]),
        module("EngineWire", ["EngineErrors"]),
        module("DriverHost", ["DriverKit", "LinuxSystem", "EngineErrors"]),

        // the engine
        module("StateStore", ["EngineModel", "EngineErrors", "LinuxSystem", .product(name: "GRDB", package: "GRDB.swift")]),
        module("ContentStore", ["EngineModel", "EngineErrors", "OCISpecs", "DriverHost", "DriverKit", "LinuxSystem", "CArchive", crypto]),
        module("ContainerRuntime", ["CLinux", "LinuxSystem", "LinuxCgroups", "ShimProtocol", "EngineModel", "EngineErrors", "CSeccomp", "CCapability"]),
        module("EngineCore", ["CLinux", "LinuxCgroups", "EngineModel", "EngineErrors", "OCISpecs", "StateStore", "ContentStore", "ContainerRuntime", "DriverHost", "DriverKit", "LinuxSystem", log]),
        .target(
            name: "EngineHTTP",
            dependencies: [
                "DriverKit", "EngineCore", "EngineModel", "EngineWire", "EngineErrors", "LinuxSystem", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"), log, lifecycle,
            ], swiftSettings: strict),
        module(
            "EngineDaemon",
            [
                "CLinux", "EngineHTTP", "EngineCore", "EngineModel", "EngineErrors", "StateStore", "ContentStore", "ContainerRuntime", "DriverHost", "LinuxSystem", "LinuxCgroups", log, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "gantryd", dependencies: ["CReserve", "EngineDaemon"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(runPath("../lib/gantry/runtime") + ["-Xlinker", "--export-dynamic-symbol=open"])]),

        // one per instance of a driver that is not trusted
        .executableTarget(
            name: "gantry-driver-host", dependencies: ["DriverHost"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(runPath("runtime"))]),

        // one per container
        module("Shim", ["ShimProtocol", "CLauncher", "LinuxSystem", "DriverHost", "DriverKit", "EngineErrors"], settings: staticRuntime),
        .executableTarget(
            name: "gantry-shim", dependencies: ["Shim"], swiftSettings: strict + staticRuntime, linkerSettings: staticLink),
        .executableTarget(
            name: "gantry-init", linkerSettings: [.unsafeFlags(["-nostartfiles", "-static-stdlib", "-Xclang-linker", "-static"])]),

        // what checks a driver's file
        module("DriverConformance", ["CDriverABI", "CFaultPoints", "CLinux", "DriverHost", "DriverKit", "EngineErrors", "LinuxNetlink", "LinuxSystem"]),
        .executableTarget(
            name: "gantry-driver-verify", dependencies: ["DriverConformance"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(runPath("runtime") + faultPoints.flatMap { ["-Xlinker", "--export-dynamic-symbol=\($0)"] })]),

        // the command line
        .target(
            name: "EngineClient", dependencies: ["EngineWire", "EngineErrors", nio("NIOCore"), nio("NIOPosix"), nio("NIOTLS"), .product(name: "NIOSSL", package: "swift-nio-ssl")],
            swiftSettings: strict + staticRuntime),
        .target(name: "EngineCLI", dependencies: ["EngineClient", "EngineWire"], swiftSettings: strict + staticRuntime),
        .executableTarget(
            name: "gantry", dependencies: ["EngineCLI"], swiftSettings: strict + staticRuntime, linkerSettings: staticLink),
    ] + drivers.map(target)
        + [
            module("TestSupport", ["LinuxSystem", "CLinux"]),
            module("FaultHarness", ["EngineClient", "EngineWire", "LinuxSystem"]),
        ].map {
            $0.path = "Tests/\($0.name)"
            return $0
        } + [
            .executableTarget(name: "gantry-torture", dependencies: ["FaultHarness"], path: "Tests/Torture", swiftSettings: strict)
        ] + [
            test("DriverHostTests", ["DriverHost", "DriverKit", "CDriverABI", "EngineErrors", "LinuxSystem", "TestSupport"], exclude: ["Fixtures"]),
            test("LinuxNetlinkTests", ["LinuxNetlink", "LinuxSystem", "TestSupport"]),
            test("NetworkBridgeTests", ["DriverHost", "DriverKit", "LinuxNetlink", "LinuxSystem", "EngineErrors", "TestSupport"]),
            test("LinuxCgroupsTests", ["LinuxCgroups", "LinuxSystem", "TestSupport"]),
            test("ContentStoreTests", ["ContentStore", "OCISpecs", "EngineModel", "EngineErrors", "DriverHost", "DriverKit", "LinuxSystem", "CLinux", "TestSupport"]),
            test("StorageDriverTests", ["ContentStore", "DriverHost", "DriverKit", "EngineErrors", "LinuxSystem", "CLinux", "TestSupport"]),
            test("ConformanceTests", ["LinuxSystem", "TestSupport"], exclude: ["Fixtures"]),
            test("StateStoreTests", ["StateStore", "EngineModel", "EngineErrors", "TestSupport"], exclude: ["Recordings"]),
            test(
                "ContainerRuntimeTests", ["ContainerRuntime", "CLinux", "EngineErrors", "LinuxCgroups", "LinuxSystem", "ShimProtocol", "TestSupport"],
                exclude: ["Recordings"]),
            test("ShimTests", ["Shim", "CLinux", "LinuxSystem", "TestSupport"]),
            test("EngineCoreTests", ["EngineCore", "ContentStore", "DriverHost", "DriverKit", "StateStore", "EngineErrors", "EngineModel", "LinuxNetlink", "LinuxSystem", "TestSupport"]),
            test("EngineWireTests", ["EngineWire", "TestSupport"]),
            test("EngineHTTPTests", ["EngineHTTP", "EngineErrors", "EngineModel", "EngineWire", nio("NIOCore"), nio("NIOEmbedded"), nio("NIOHTTP1"), "TestSupport"]),
            test("EngineDaemonTests", ["CReserve", "EngineDaemon", "EngineErrors", "EngineModel", "LinuxSystem", "TestSupport", log]),
            test("EngineCLITests", ["EngineCLI", "EngineWire", "TestSupport"]),
            test("SDKTests", ["LinuxSystem", "TestSupport"], exclude: ["Fixtures"]),
            test("FaultTests", ["FaultHarness", "EngineClient", "EngineWire", "LinuxSystem", "TestSupport"], exclude: ["Fixtures"]),
            test("SystemTests", ["LinuxSystem", "TestSupport"]),
            test("CrashTests", ["LinuxSystem", "TestSupport"]),
            test("ArchitectureTests", ["LinuxSystem", "TestSupport"]),
        ])

func test(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}
