/// How a check ends when it does not pass.
enum Outcome: Error {
    /// What was demanded and what was seen.
    case failed(String)
    /// Why it says nothing about this driver.
    case skipped(String)
}

/// What a driver must do; else the check has failed, with `seen`.
func demand(_ condition: Bool, _ seen: @autoclosure () -> String) throws {
    if !condition { throw Outcome.failed(seen()) }
}

func demandEqual<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String) throws {
    if found != wanted { throw Outcome.failed("\(what): \(wanted) was expected, \(found) was seen") }
}

func skip(unless condition: Bool, _ why: @autoclosure () -> String) throws {
    if !condition { throw Outcome.skipped(why()) }
}
