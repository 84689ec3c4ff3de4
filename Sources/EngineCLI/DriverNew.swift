import Glibc

extension Command {
    /// Writes a project for a driver of one's own, from the SDK's templates.
    static let driverNew = Command(
        names: ["driver new"], usage: "--kind KIND [OPTIONS] NAME", summary: "Make a project for a driver of your own",
        flags: [
            Flag("kind", "k", .text, "log, network, storage or volume"), Flag("language", "l", .text, "swift or c", standard: "\"swift\""),
        ], words: 1...1
    ) { call in
        let name = call.words[0], kind = call.flags["kind"], language = call.flags.optional("language") ?? "swift"
        guard ["log", "network", "storage", "volume"].contains(kind) else { throw Refusal("--kind must be log, network, storage or volume, not \"\(kind)\"") }
        guard ["swift", "c"].contains(language) else { throw Refusal("--language must be swift or c, not \"\(language)\"") }
        guard isDriverName(name) else { throw Refusal("\"\(name)\" can't be a driver's name: 1 to 64 of a-z, 0-9, _, . and - are allowed, beginning with a letter") }
        let project = DriverProject(name: name, kind: kind, sdk: try DriverProject.sdk())
        for path in try project.write(language) { Output.line(path) }
        return 0
    }

    private static func isDriverName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_.-".utf8.contains(byte)
        }
    }
}

/// The files of a new driver.
struct DriverProject {
    let name, kind, sdk: String

    /// The folder of the SDK: $GANTRY_SDK, the installed one, or the one that `make sdk` made.
    static func sdk() throws(Refusal) -> String {
        if let given = getenv("GANTRY_SDK") { return String(cString: given) }
        for place in ["../share/gantry/gantry-driver-sdk", "../../sdk/gantry-driver-sdk"] {
            if let found = realpath("\(ownFolder())/\(place)", nil) {
                defer { free(found) }
                return String(cString: found)
            }
        }
        throw Refusal("the driver SDK was not found: run `make sdk`, or set GANTRY_SDK to its folder")
    }

    private static func ownFolder() -> String {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        return String(cString: path).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    /// - Returns: what was written.
    func write(_ language: String) throws(Refusal) -> [String] {
        let files = language == "c" ? [("c/\(kind).c", "\(kind).c"), ("c/Makefile", "Makefile")] : [("swift/Package.swift", "Package.swift"), ("swift/\(kind).swift", "Sources/Driver/\(kind).swift")]
        let texts = try files.map { file throws(Refusal) in (file.1, filled(String(decoding: try TextFile.bytes("\(sdk)/templates/\(file.0)"), as: UTF8.self))) }
        guard mkdir(name, 0o755) == 0 else { throw Refusal("mkdir \(name): \(TextFile.reason())") }
        if language == "swift" { for folder in ["\(name)/Sources", "\(name)/Sources/Driver"] where mkdir(folder, 0o755) != 0 { throw Refusal("mkdir \(folder): \(TextFile.reason())") } }
        for (path, text) in texts { try TextFile.create("\(name)/\(path)", text) }
        return texts.map { "\(name)/\($0.0)" }
    }

    private func filled(_ text: String) -> String {
        var result = "", rest = Substring(text)
        let values = ["NAME": name, "KIND": kind, "SDK": sdk]
        while let at = rest.firstIndex(of: "@") {
            result += rest[..<at]
            rest = rest[rest.index(after: at)...]
            if let word = values.keys.first(where: { rest.hasPrefix("\($0)@") }) {
                result += values[word] ?? ""
                rest = rest.dropFirst(word.count + 1)
            } else {
                result += "@"
            }
        }
        return result + rest
    }
}
