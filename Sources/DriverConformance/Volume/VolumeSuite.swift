import DriverHost

enum VolumeSuite {
    static let checks: [Check] = []
    static let actors: [Actor] = []

    static func cycle(_ bench: Bench, _ driver: LoadedVolumeDriver, _ number: Int) throws {}
}
