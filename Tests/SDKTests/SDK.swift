import LinuxSystem
import TestSupport
import Testing

/// The driver SDK, unpacked from its tarball in a folder outside the tree.
struct SDK {
    private static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))
    static let fixtures = "\(root)/Tests/SDKTests/Fixtures"
    /// In which the SDK is `gantry-driver-sdk`.
    let folder: String
    var path: String { "\(folder)/gantry-driver-sdk" }
    var header: String { "\(path)/Sources/CDriverABI/include/gantry_driver.h" }

    static func with(_ body: (SDK) throws -> Void) throws {
        let folder = "/var/tmp/gantry-stranger-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectories("\(folder)/made", mode: 0o755)
        defer { try? Files.removeTree(folder) }
        let made = Command.run(["\(root)/config/sdk", "\(folder)/made"])
        #expect(made.status == 0, "\(made.everything)")
        let unpacked = Command.run(["tar", "-C", folder, "-xzf", String(made.output.dropLast())])
        #expect(unpacked.status == 0, "\(unpacked.everything)")
        try Files.removeTree("\(folder)/made")
        try body(SDK(folder: folder))
    }

    /// The command line, in the folder.
    func gantry(_ arguments: String...) -> Command {
        Command.run(["sh", "-c", "cd \(folder) && exec \"$@\"", "sh", "\(Engine.bin)/gantry"] + arguments, environment: ["GANTRY_SDK": path], seconds: 120)
    }
}
