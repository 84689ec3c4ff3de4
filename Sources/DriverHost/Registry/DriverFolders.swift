import EngineErrors
import Glibc
import LinuxSystem

/// A driver's file, not loaded.
struct FoundDriver: Sendable, Equatable {
    var kind: DriverKind
    var name: String
    /// Of its folder; empty outside of one.
    var version: String
    var path: String
}

/// Looks for drivers by the names of files: `lib<kind>-<name>.so` in a folder itself (a build tree), and
/// `<kind>-<name>/<version>/lib<kind>-<name>.so` below it (an installed tree), of which the highest version counts.
enum DriverFolders {
    /// The highest version wins; without versions to compare, the folder that comes first. What can't be read has no
    /// drivers.
    static func scan(_ folders: [String]) -> [FoundDriver] {
        var result: [FoundDriver] = []
        for found in folders.flatMap(scan) {
            guard let known = result.firstIndex(where: { $0.kind == found.kind && $0.name == found.name }) else {
                result.append(found)
                continue
            }
            let old = result[known].version
            if !old.isEmpty, isOlder(old, found.version) { result[known] = found }
        }
        return result
    }

    private static func scan(_ folder: String) -> [FoundDriver] {
        guard let entries = try? Files.list(folder) else { return [] }
        var result: [FoundDriver] = []
        for entry in entries.sorted() {
            if let (kind, name) = parse(file: entry) {
                result.append(FoundDriver(kind: kind, name: name, version: "", path: "\(folder)/\(entry)"))
            } else if let (kind, name) = parse(entry), let installed = newest(kind, name, in: "\(folder)/\(entry)") {
                result.append(installed)
            }
        }
        return result
    }

    private static func newest(_ kind: DriverKind, _ name: String, in folder: String) -> FoundDriver? {
        let versions = ((try? Files.list(folder)) ?? []).sorted { isOlder($0, $1) }
        for version in versions.reversed() where !version.hasSuffix(".tmp") {
            let path = "\(folder)/\(version)/lib\(kind)-\(name).so"
            // "1.0#2": the second of its version.
            if Files.exists(path) { return FoundDriver(kind: kind, name: name, version: String(version.prefix { $0 != "#" }), path: path) }
        }
        return nil
    }

    /// "liblog-json-file.so".
    private static func parse(file: String) -> (DriverKind, String)? {
        guard file.hasPrefix("lib"), file.hasSuffix(".so") else { return nil }
        return parse(String(file.dropFirst(3).dropLast(3)))
    }

    /// "log-json-file".
    private static func parse(_ text: String) -> (DriverKind, String)? {
        for kind in DriverKind.allCases where text.hasPrefix("\(kind)-") {
            let name = text.dropFirst("\(kind)-".count)
            return name.isEmpty ? nil : (kind, String(name))
        }
        return nil
    }

    /// By numbers where there are numbers: 1.9.0 is older than 1.10.0.
    static func isOlder(_ left: String, _ right: String) -> Bool {
        let a = left.split(separator: "."), b = right.split(separator: ".")
        for (x, y) in zip(a, b) where x != y {
            if let x = Int(x), let y = Int(y) { return x < y }
            return x < y
        }
        return a.count < b.count
    }
}
