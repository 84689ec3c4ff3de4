import EngineWire

/// What must be true of an engine, going by what it answered.
public struct Model: Sendable {
    /// A container as it was asked for.
    struct Container: Sendable {
        var number: Int
        /// Nil: creation was not answered, and it has not been seen either.
        var id: String?
        var settings: [String: String]
        var starts = 0
        /// A power cut may take the end of its log.
        var wasCut = false
        /// Something killed it behind the engine's back, which may notice that late; no start after it was acknowledged.
        var struck: Int?
        var wasStruck: Bool { struck != nil }

        /// It ends by itself.
        var isBrief: Bool { (Int(settings["lines"] ?? "") ?? 0) < 1000 }
    }

    private(set) var registers: [String: Register] = [:]
    private(set) var containers: [Int: Container] = [:]
    private var underWay: [Int: (operation: Operation, effects: [Effect], begin: Int)] = [:]
    private(set) var line = 0
    /// The kernel calls durable what it throws away.
    private var isDoubtful = false
    /// The last number given to an operation.
    public private(set) var lastNumber = 0
    public private(set) var acknowledged: [Operation.Verb: Int] = [:]
    public private(set) var unanswered = 0
    /// Answers of status 500 and above: "start 17: 500 sentence".
    public private(set) var faults: [String] = []

    public init() {}

    public var acknowledgedChanges: Int { acknowledged.values.reduce(0, +) }

    /// Values that a register may have now: "volume/v", "tag/name:1", "container/17/state"; nil: it may not be there.
    public subscript(_ register: String) -> Set<String?> { registers[register]?.possible ?? [nil] }

    /// Names of registers below a prefix, up to the next slash: "tag/" gives all tags.
    func names(_ prefix: String) -> [String] {
        registers.keys.compactMap { key in
            guard key.hasPrefix(prefix) else { return nil }
            let rest = key.dropFirst(prefix.count)
            return rest.contains("/") ? nil : String(rest)
        }.sorted()
    }

    // MARK: lines of the journal

    mutating func begin(_ number: Int, _ operation: Operation) {
        line += 1
        lastNumber = max(lastNumber, number)
        if operation.verb == .createContainer { containers[number] = Container(number: number, id: nil, settings: operation.settings) }
        if operation.verb == .start || operation.verb == .restart { containers[operation.container]?.starts += 1 }
        let effects = operation.effects(number: number, volume: containers[operation.container]?.settings["volume"] ?? "") { prefix in
            names(prefix).map { prefix + $0 }
        }
        for effect in effects { registers[effect.register, default: Register()].begin(number, effect.value, at: line) }
        underWay[number] = (operation, effects, line)
    }

    /// - Parameter answer: "id" of a container; "made": the operation that made the object that there is; "unchanged": it was
    ///   so before.
    mutating func done(_ number: Int, _ answer: JSONValue) {
        if isDoubtful {
            containers[number]?.id = answer["id"].string
            return lost(number)
        }
        line += 1
        guard let (operation, effects, begin) = underWay.removeValue(forKey: number) else { return }
        if operation.verb == .createContainer { containers[number]?.id = answer["id"].string }
        if operation.verb == .start, !answer["unchanged"].bool, let struck = containers[operation.container]?.struck, begin > struck { containers[operation.container]?.struck = nil }
        for effect in effects {
            if answer["unchanged"].bool || effect.certainty == .onTheWay {
                registers[effect.register]?.forget(number, effect.value)
                continue
            }
            let made = answer["made"]
            registers[effect.register]?.end(number, effect.value, value: made.isNull ? effect.value : made.string, at: line, isCertain: effect.certainty == .certain)
            forgetAbsent(effect.register)
        }
        acknowledged[operation.verb, default: 0] += 1
    }

    mutating func failed(_ number: Int, status: Int, _ message: String) {
        line += 1
        guard let (operation, effects, _) = underWay[number] else { return }
        if status >= 500 { faults.append("\(operation.verb) \(operation.container > 0 ? "\(operation.container)" : operation.name): \(status) \(message)") }
        // The disk failed below the database: nobody knows what of the creation the next daemon finds there.
        if operation.verb == .createContainer && message.contains("the state database failed") { return lost(number) }
        underWay[number] = nil
        for effect in effects {
            // A refusal changes nothing, and a creation that failed makes nothing. What else fails may have come half its
            // way.
            if status < 500 || operation.verb == .createContainer {
                registers[effect.register]?.forget(number, effect.value)
                forgetAbsent(effect.register)
            } else {
                registers[effect.register]?.end(number, effect.value, value: effect.value, at: line, isCertain: false)
            }
        }
    }

    /// From now on, until the cut, a success need not last.
    mutating func doubt() { isDoubtful = true }

    mutating func lost(_ number: Int) {
        line += 1
        guard let (operation, effects, _) = underWay[number] else { return }
        // A container may still be found by its label.
        if operation.verb != .createContainer { underWay[number] = nil }
        unanswered += 1
        for effect in effects { registers[effect.register]?.end(number, effect.value, value: effect.value, at: line, isCertain: false) }
    }

    /// The machine lost its power: what ran runs no longer.
    mutating func cut() {
        for number in Array(underWay.keys) { lost(number) }
        isDoubtful = false
        line += 1
        for number in containers.keys {
            containers[number]?.wasCut = true
            let register = "container/\(number)/state"
            guard !self[register].isDisjoint(with: ["running", "paused"]) else { continue }
            registers[register]?.begin(-number, "exited", at: line)
            registers[register]?.end(-number, "exited", value: "exited", at: line, isCertain: false)
        }
    }

    /// What is not there, and what nobody is making, needs no memory.
    private mutating func forgetAbsent(_ register: String) {
        guard registers[register]?.isAbsent == true else { return }
        registers[register] = nil
        let words = register.split(separator: "/")
        guard words.count == 3, words[0] == "container", words[2] == "exists", let number = Int(words[1]) else { return }
        containers[number] = nil
        for key in registers.keys where key.hasPrefix("container/\(number)/") { registers[key] = nil }
    }

    /// Someone kills a container's shim behind the engine's back: `strike` before it, `struck` after it.
    mutating func strike(_ number: Int) {
        line += 1
        containers[number]?.struck = line
        registers["container/\(number)/state"]?.begin(-number, "exited", at: line)
    }

    mutating func struck(_ number: Int) {
        line += 1
        registers["container/\(number)/state"]?.end(-number, "exited", value: "exited", at: line, isCertain: false)
    }
}

extension Model {
    /// Containers that may be there and whose id is known, by the operations that made them.
    var reachable: [Container] { containers.values.filter { $0.id != nil && self["container/\($0.number)/exists"] != [nil] }.sorted { $0.number < $1.number } }

    /// Containers that may be running.
    public var running: [(number: Int, id: String)] {
        reachable.filter { self["container/\($0.number)/state"].contains("running") }.map { ($0.number, $0.id ?? "") }
    }

    /// Containers whose creation was not answered.
    var unseen: [Int] { containers.values.filter { $0.id == nil && underWay[$0.number] != nil }.map(\.number).sorted() }

    /// Names below a prefix that must be there.
    func certain(_ prefix: String) -> [String] { names(prefix).filter { !self[prefix + $0].contains(nil) } }

    /// Names below a prefix that may be there.
    func present(_ prefix: String) -> [String] { names(prefix).filter { self[prefix + $0] != [nil] } }
}
