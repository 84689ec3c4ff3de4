import EngineWire

/// Published and exposed ports, in Docker's notation.
struct Ports: Equatable {
    /// "80/tcp" → its bindings on the host, in the order given.
    var bindings: [(port: String, hosts: [(address: String, port: String)])] = []
    var exposed: [String] = []

    static func == (one: Ports, other: Ports) -> Bool {
        one.exposed == other.exposed && one.bindings.map(\.port) == other.bindings.map(\.port)
            && zip(one.bindings, other.bindings).allSatisfy { $0.hosts.elementsEqual($1.hosts) { $0 == $1 } }
    }

    init() {}

    init(publish: [String], expose: [String]) throws(Refusal) {
        for text in publish { try add(publish: text) }
        for text in expose { try add(expose: text) }
    }

    /// "[[ip:]hostPort:]containerPort[/proto]", ports may be ranges; also "published=80,target=80".
    private mutating func add(publish text: String) throws(Refusal) {
        if text.contains("=") { return try add(publish: Self.short(of: text)) }
        let slash = text.firstIndex(of: "/")
        let proto = try Self.proto(slash.map { String(text[text.index(after: $0)...]) }, text)
        let (address, host, container) = try Self.parts(text[..<(slash ?? text.endIndex)], text)
        guard !container.isEmpty else { throw Refusal("no port specified: \(text)<empty>") }
        guard let inside = Self.range(container) else { throw Refusal("invalid containerPort: \(container)") }
        guard !host.isEmpty else {
            for port in inside { bind("\(port)/\(proto)", address, "") }
            return
        }
        guard let outside = Self.range(host) else { throw Refusal("invalid hostPort: \(host)") }
        // One port inside and a range outside: the engine takes a free one of the range.
        if inside.count == 1, outside.count > 1 {
            return bind("\(inside.lowerBound)/\(proto)", address, "\(outside.lowerBound)-\(outside.upperBound)")
        }
        guard inside.count == outside.count else {
            throw Refusal("invalid ranges specified for container and host Ports: \(container) and \(host)")
        }
        for (port, other) in zip(inside, outside) { bind("\(port)/\(proto)", address, String(other)) }
    }

    private mutating func bind(_ port: String, _ address: String, _ host: String) {
        if !exposed.contains(port) { exposed.append(port) }
        if let place = bindings.firstIndex(where: { $0.port == port }) {
            bindings[place].hosts.append((address, host))
        } else {
            bindings.append((port, [(address, host)]))
        }
    }

    private mutating func add(expose text: String) throws(Refusal) {
        guard !text.contains(":") else { throw Refusal("invalid port format for --expose: \(text)") }
        let slash = text.firstIndex(of: "/")
        let proto = try Self.proto(slash.map { String(text[text.index(after: $0)...]) }, text)
        guard let range = Self.range(text[..<(slash ?? text.endIndex)]) else {
            throw Refusal("invalid range format for --expose: \(text), error: invalid port")
        }
        for port in range where !exposed.contains("\(port)/\(proto)") { exposed.append("\(port)/\(proto)") }
    }

    // MARK: parts

    private static func parts(_ text: Substring, _ whole: String) throws(Refusal) -> (String, Substring, Substring) {
        var rest = text
        var address = ""
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]"), rest[end...].hasPrefix("]:") else { throw Refusal("invalid IP address: \(whole)") }
            address = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(end, offsetBy: 2)...]
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Refusal("invalid publish opts format (should be name=value but got '\(whole)')") }
            return (address, parts[0], parts[1])
        }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return ("", "", parts[0])
        case 2: return ("", parts[0], parts[1])
        default:
            address = parts.dropLast(2).joined(separator: ":")
            guard address.contains(":") || isAddress(address) else { throw Refusal("invalid IP address: \(address)") }
            return (address, parts[parts.count - 2], parts[parts.count - 1])
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.isEmpty || parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func proto(_ text: String?, _ whole: String) throws(Refusal) -> String {
        let proto = text?.lowercased() ?? "tcp"
        guard ["tcp", "udp", "sctp"].contains(proto) else { throw Refusal("invalid proto: \(proto)") }
        return proto
    }

    private static func range(_ text: Substring) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt16($0).map(Int.init) }
        guard let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }), first <= last else { return nil }
        return first...last
    }

    /// The long syntax as the short one.
    private static func short(of text: String) throws(Refusal) -> String {
        var published = "", target = "", proto = "tcp"
        for field in text.split(separator: ",") {
            let pair = field.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { throw Refusal("invalid publish opts format (should be name=value but got '\(field)')") }
            switch pair[0] {
            case "published": published = pair[1]
            case "target": target = pair[1]
            case "protocol": proto = pair[1]
            case "mode": break
            default: throw Refusal("invalid field key \(pair[0])")
            }
        }
        guard !target.isEmpty else { throw Refusal("missing mandatory field 'target'") }
        return "\(published.isEmpty ? "" : "\(published):")\(target)/\(proto)"
    }

    // MARK: as JSON

    var exposedJSON: JSONValue { .object(exposed.map { .init(key: $0, value: [:]) }) }
    var bindingsJSON: JSONValue {
        .object(
            bindings.map { binding in
                .init(key: binding.port, value: .array(binding.hosts.map { ["HostIp": .string($0.address), "HostPort": .string($0.port)] }))
            })
    }
}
