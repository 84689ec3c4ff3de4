import EngineModel
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
