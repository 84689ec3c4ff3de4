import EngineClient
import EngineWire

extension Command {
    private static let flags = [
        Flag("format", "f", .text, "Format output using a custom template"), Flag("size", "s", .bool, "Display total file sizes if the type is container"),
    ]
    private static func of(_ names: [String], _ what: String, _ kinds: [ObjectKind]) -> Command {
        Command(names: names, usage: "[OPTIONS] NAME [NAME...]", summary: "Display detailed information on one or more \(what)", flags: flags, words: 1...Int.max) {
            try Inspection.run($0, kinds)
        }
    }

    static let inspect = Command(
        names: ["inspect"], usage: "[OPTIONS] NAME|ID [NAME|ID...]", summary: "Return low-level information on objects",
        flags: flags + [Flag("type", nil, .text, "Only inspect objects of the given type")], words: 1...Int.max
    ) { call in
        let type = call.flags["type"]
        guard type.isEmpty || ObjectKind(rawValue: type) != nil else { throw Refusal("\"\(type)\" is not a valid value for --type") }
        return try Inspection.run(call, ObjectKind(rawValue: type).map { [$0] } ?? ObjectKind.allCases)
    }
    static let containerInspect = of(["container inspect"], "containers", [.container])
    static let imageInspect = of(["image inspect"], "images", [.image])
    static let networkInspect = of(["network inspect"], "networks", [.network])
    static let volumeInspect = of(["volume inspect"], "volumes", [.volume])
    static let driverInspect = of(["driver inspect"], "drivers", [.driver])
}

enum ObjectKind: String, CaseIterable, Sendable {
    case container, image, network, volume, driver

    func path(_ name: String) -> String {
        let escaped = Call.escape(name, keeping: "/:@")
        return switch self {
        case .container: "/containers/\(escaped)/json"
        case .image: "/images/\(escaped)/json"
        case .network: "/networks/\(escaped)"
        case .volume: "/volumes/\(escaped)"
        case .driver: "/gantry/drivers/\(escaped)"
        }
    }
}

/// `inspect` of whatever has the name, in the order of `kinds`.
enum Inspection {
    static func run(_ call: Invocation, _ kinds: [ObjectKind]) throws -> Int32 {
        let format = call.flags["format"]
        let template = format.isEmpty || format == "json" ? nil : try Template.parse(format)
        var found: [JSONValue] = [], problems: [String] = []
        for name in call.words {
            do { found += try find(call, name, kinds) } catch { problems.append("\(error)") }
        }
        if let template {
            for object in found { Output.line(try Template.render(template, object)) }
        } else if format == "json" {
            for object in found { Output.line(object.text) }
        } else {
            Output.line(String(decoding: JSONValue.array(found).encoded(indent: 4), as: UTF8.self))
        }
        for problem in problems { Output.error(problem) }
        return problems.isEmpty ? 0 : 1
    }

    private static func find(_ call: Invocation, _ name: String, _ kinds: [ObjectKind]) throws -> [JSONValue] {
        for kind in kinds {
            let query = kind == .container && call.flags.bool("size") ? [("size", "1")] : []
            do throws(EngineFailure) {
                let object = try call.engine.get(kind.path(name), query)
                return kind == .driver ? object.array : [object]
            } catch {
                guard error.status == 404, kinds.count > 1 else { throw error }
            }
        }
        throw Refusal("Error: No such object: \(name)")
    }
}
