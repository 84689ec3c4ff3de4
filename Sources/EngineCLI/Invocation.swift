import EngineClient

/// One call of a command: what the user typed, and the engine.
struct Invocation: Sendable {
    let command: Command
    let flags: FlagValues
    let words: [String]
    let engine: Engine
}
