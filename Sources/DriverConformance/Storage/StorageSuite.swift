import DriverHost

enum StorageSuite {
    static let checks: [Check] = []
    static let actors: [Actor] = []

    static func cycle(_ bench: Bench, _ driver: LoadedStorageDriver, _ number: Int) throws {}
}
