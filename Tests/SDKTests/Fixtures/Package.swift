// swift-tools-version:6.2
import PackageDescription

// One driver twice: with a Swift runtime of its own, as authors build it, and on the one that the process shares.
let sdk = "@SDK@"
let link = ["-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "defs", "-Xlinker", "--version-script=\(sdk)/driver.map"]

func driver(_ name: String, _ flags: [String]) -> Target {
    .target(
        name: name, dependencies: [.product(name: "DriverKit", package: "gantry-driver-sdk")],
        swiftSettings: [.unsafeFlags(flags), .enableUpcomingFeature("InternalImportsByDefault")], linkerSettings: [.unsafeFlags(flags + link)])
}

let package = Package(
    name: "@NAME@",
    products: ["alone", "sharing"].map { .library(name: "\($0)-@NAME@", type: .dynamic, targets: [$0]) },
    dependencies: [.package(name: "gantry-driver-sdk", path: sdk)],
    targets: [driver("alone", ["-static-stdlib"]), driver("sharing", [])])
