import EngineModel
import LinuxSystem
import Testing

@testable import EngineDaemon

@Test("a reload takes over what can change, and names what can't")
func change() {
    var old = DaemonConfiguration()
    old.mtu = 1500
    var new = old
    new.debug = true
    new.labels = ["a=b"]
    new.mtu = 1400
    new.dataRoot = "/elsewhere"
    let change = ConfigurationChange(from: old, to: new)
    var result = old
    result.debug = true
    result.labels = ["a=b"]
    #expect(change.result == result)
    #expect(change.taken == ["debug", "labels"])
    #expect(change.ignored == ["data-root", "mtu"])
}

/// The configuration file that explains every key.
private let explained: String = {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    return (try? Files.read("\(root)/config/gantryd.json")).map { String(decoding: $0, as: UTF8.self) } ?? ""
}()

@Test("the file that explains the keys says of each whether a reload takes it", arguments: Directives.all.compactMap(\.key))
func explanation(_ key: String) throws {
    // What stands above a key, up to the empty line before it.
    let paragraph = try #require(explained.split(separator: "\n\n").last { $0.contains("\"\(key)\": ") }, "\(key) is not explained")
    #expect(paragraph.contains("(reload") == ConfigurationChange.reloadable.contains(key), "\(paragraph)")
}

@Test("the file that explains the keys sets none of them, so that each flag can be given, and its examples are right")
func examples() throws {
    #expect(try ConfigurationFile.parse(Array(explained.utf8)).isEmpty)
    let taken = explained.replacing(#/\n *// ("[a-z-]+": )/#) { "\n\($0.output.1)" }
    let settings = try ConfigurationFile.parse(Array(taken.utf8))
    #expect(Set(settings.keys) == Set(Directives.byKey.keys))
    #expect(settings["data-root"] == .text(DaemonConfiguration().dataRoot) && settings["default-shm-size"] == .size(DaemonConfiguration().defaultShmSize))
}

@Test("every key can be compared and set")
func everyKey() {
    for directive in Directives.all where directive.key != nil {
        var configuration = DaemonConfiguration()
        guard let setting = directive.setting(in: configuration) else {
            Issue.record("\(directive.flag) has a key and no field")
            continue
        }
        let other: Setting =
            switch setting {
            case .text(let value): .text(value + "x")
            case .number(let value): .number(value + 1)
            case .toggle(let value): .toggle(!value)
            case .list(let value): .list(value + ["x"])
            case .pairs: .pairs(["x": "y"])
            case .size(let value): .size(value + 1)
            case .ulimits: .ulimits(["core": .init(name: "core", soft: 0, hard: 0)])
            }
        directive.apply(other, to: &configuration)
        #expect(directive.setting(in: configuration) == other, "\(directive.flag)")
    }
}

@Test("storage options find their driver")
func storageOptions() {
    var configuration = DaemonConfiguration()
    configuration.storageDriver = "overlayfs"
    configuration.storageOptions = ["btrfs.quota=1g", "size=2g", "btrfs.x=a=b"]
    #expect(configuration.storageInstanceOptions == ["btrfs": ["quota": "1g", "x": "a=b"], "overlayfs": ["size": "2g"]])
}

@Test("the mark depends on the folder alone")
func mark() {
    #expect(Mark.of("/nonexistent/a") == Mark.of("/nonexistent/a"))
    #expect(Mark.of("/nonexistent/a") != Mark.of("/nonexistent/b"))
    #expect(Mark.of("/tmp/../tmp") == Mark.of("/tmp"))
    #expect(Mark.of("/x").count == 8)
}

@Test("a purge of the package looks for the mark of the standard data root")
func purge() throws {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let script = String(decoding: try Files.read("\(root)/config/debian/postrm"), as: UTF8.self)
    #expect(script.contains("mark=\(Mark.of("/var/lib/gantry"))\n"))
}
