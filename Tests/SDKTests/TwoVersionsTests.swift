import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Drivers built with two minor versions of the SDK in one process. Swift merges imported C structs by name across the
/// images that share its runtime: what keeps two layouts apart is the version in the tag of each struct that grows.
@Suite("two versions of the SDK", .enabled(if: geteuid() == 0), .serialized)
struct TwoVersionsTests {
    @Test("drivers of both serve in one process, in both orders, with a runtime of their own and with a shared one", arguments: ["debug", "release"])
    func together(_ configuration: String) throws {
        try SDK.with { old in
            let new = try old.next()
            let drivers = try old.build("old", configuration) + new.build("new", configuration)
            let hosts = [try old.host("host-old"), try new.host("host-new", ["-DHAS_LATER"])]
            for first in drivers {
                for second in drivers where first != second {
                    for host in hosts { try expect(host, old.folder, [first, second], succeeds: true) }
                }
            }
            // The engine's own: Swift, and with the older version.
            for file in drivers where file.contains("new-sharing") {
                let verified = Command.run(["\(Engine.bin)/gantry-driver-verify", file], seconds: 120)
                #expect(verified.status == 0, "\(verified.everything)")
            }
        }
    }

    @Test("without the version in the tag the same drivers break each other")
    func untagged() throws {
        try SDK.with { old in
            let new = try old.next(versioned: false)
            let drivers = try [old.build("old", "debug"), new.build("new", "debug")].map { $0.filter { $0.contains("sharing") } }
            let host = try new.host("host-new", ["-DHAS_LATER"])
            try expect(host, old.folder, drivers[1], succeeds: true)
            try expect(host, old.folder, drivers[0] + drivers[1], succeeds: false)
        }
    }

    private func expect(_ host: String, _ folder: String, _ drivers: [String], succeeds: Bool) throws {
        let state = "\(folder)/state"
        try Files.makeDirectory(state)
        defer { try? Files.removeTree(state) }
        let result = Command.run([host, state] + drivers, environment: ["SWIFT_BACKTRACE": "enable=no"])
        #expect((result.status == 0) == succeeds, "\(host) \(drivers): \(result.everything)")
    }
}

extension SDK {
    /// The same with another minor version: one more field or optional function in each struct that may grow.
    fileprivate func next(versioned: Bool = true) throws -> SDK {
        let next = SDK(folder: "\(folder)/next")
        try Files.makeDirectory(next.folder)
        #expect(Command.run(["cp", "-a", path, next.path]).status == 0)
        let text = try String(decoding: Files.read(header), as: UTF8.self)
        let minor = try #require(text.split(separator: "\n").first { $0.hasPrefix("#define GANTRY_ABI_MINOR ") }?.split(separator: " ").last?.dropLast())
        let later = try #require(Int(minor)) + 1
        var edits = [("GANTRY_ABI_MINOR \(minor)u", "GANTRY_ABI_MINOR \(later)u")]
        if versioned { edits.append(("NAME##_1_\(minor)", "NAME##_1_\(later)")) }
        for kind in ["storage", "network", "log", "volume"] {
            edits.append(("} gantry_\(kind)_vtable;", "    int32_t (*later)(gantry_instance *, gantry_error *);\n} gantry_\(kind)_vtable;"))
        }
        for name in ["host", "open_args", "network_args", "endpoint_args", "log_query", "driver"] {
            edits.append(("} gantry_\(name);", "    uint64_t later[3];\n} gantry_\(name);"))
        }
        try Self.edit(next.header, edits)
        try Self.edit("\(next.path)/Sources/DriverKit/Export+Log.swift", [("    table.cancel = ", "    table.later = { _, _ in 17 }\n    table.cancel = ")])
        return next
    }

    /// The log driver of the templates, `name`, with and without a Swift runtime of its own. - Returns: the two files.
    fileprivate func build(_ name: String, _ configuration: String) throws -> [String] {
        let project = "\(folder)/\(name)"
        let made = gantry("driver", "new", "--kind", "log", name)
        #expect(made.status == 0, "\(made.everything)")
        try Self.edit("\(project)/Sources/Driver/log.swift", [("Lines.init)", "opened)")])
        try Files.replace("\(project)/Sources/Driver/Growth.swift", with: try Files.read("\(Self.fixtures)/Growth.swift"))
        let package = try String(decoding: Files.read("\(Self.fixtures)/Package.swift"), as: UTF8.self)
        try Files.replace("\(project)/Package.swift", with: Array(package.replacing("@NAME@", with: name).replacing("@SDK@", with: path).utf8))
        for target in ["alone", "sharing"] { #expect(symlink("Driver", "\(project)/Sources/\(target)") == 0) }
        let built = Command.run(["swift", "build", "-c", configuration, "--package-path", project, "--disable-sandbox"], seconds: 600)
        try #require(built.status == 0, "\(built.everything)")
        return try ["alone", "sharing"].map { target in
            let file = "\(folder)/\(name)-\(target)/liblog-\(name).so"
            try Files.makeDirectory("\(folder)/\(name)-\(target)", mode: 0o755)
            try Files.replace(file, with: try Files.read("\(project)/.build/\(configuration)/lib\(target)-\(name).so"))
            return file
        }
    }

    /// A host in C, compiled with this version's header.
    fileprivate func host(_ name: String, _ flags: [String] = []) throws -> String {
        let built = Command.run(
            ["cc", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I\(path)/Sources/CDriverABI/include"] + flags + ["\(Self.fixtures)/host.c", "-o", "\(folder)/\(name)"])
        try #require(built.status == 0, "\(built.everything)")
        return "\(folder)/\(name)"
    }

    private static func edit(_ path: String, _ edits: [(String, String)]) throws {
        var text = try String(decoding: Files.read(path), as: UTF8.self)
        for (old, new) in edits {
            let edited = text.replacing(old, with: new)
            try #require(edited != text, "\(path) has no \"\(old)\"")
            text = edited
        }
        try Files.replace(path, with: Array(text.utf8))
    }
}
