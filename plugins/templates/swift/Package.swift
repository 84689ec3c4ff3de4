// swift-tools-version:6.2
import PackageDescription

// `swift build`, then `gantry driver verify .build/debug/lib@KIND@-@NAME@.so` and `gantry driver install` of the same file.
let sdk = "@SDK@"
let runtime: [SwiftSetting] = [.unsafeFlags(["-static-stdlib"])]
let link: [LinkerSetting] = [
    .unsafeFlags([
        "-static-stdlib", "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "defs", "-Xlinker", "--gc-sections",
        "-Xlinker", "--version-script=\(sdk)/driver.map",
    ])
]

let package = Package(
    name: "@NAME@",
    products: [.library(name: "@KIND@-@NAME@", type: .dynamic, targets: ["Driver"])],
    dependencies: [.package(name: "gantry-driver-sdk", path: sdk)],
    targets: [
        .target(
            name: "Driver", dependencies: [.product(name: "DriverKit", package: "gantry-driver-sdk")],
            swiftSettings: runtime + [.enableUpcomingFeature("InternalImportsByDefault")], linkerSettings: link)
    ])
