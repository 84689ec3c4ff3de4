import DriverHost

enum NetworkSuite {
    static let checks: [Check] = []
    static let actors: [Actor] = []

    static func cycle(_ bench: Bench, _ driver: LoadedNetworkDriver, _ number: Int) throws {}
}
