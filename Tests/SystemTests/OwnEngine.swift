import TestSupport

/// A daemon for one test, with busybox; everything that it made goes afterwards.
func withEngine(_ number: Int, _ body: (Engine) throws -> Void) rethrows {
    let engine = Engine(number: number)
    engine.start()
    defer { engine.discard() }
    engine.importBusybox()
    try body(engine)
}

func inspect(_ engine: Engine, _ format: String, _ name: String) -> String {
    engine.gantry("inspect", "--format", format, name).output.trimmed
}
