import DriverHost

/// All checks and actors there are.
enum Suites {
    static func checks(of kind: DriverKind) -> [Check] {
        switch kind {
        case .log: CommonSuite.checks + LogSuite.checks
        case .storage: CommonSuite.checks + StorageSuite.checks
        case .volume: CommonSuite.checks + VolumeSuite.checks
        case .network: CommonSuite.checks + NetworkSuite.checks
        }
    }

    static let actors: [Actor] = LogSuite.actors + StorageSuite.actors + VolumeSuite.actors
}
