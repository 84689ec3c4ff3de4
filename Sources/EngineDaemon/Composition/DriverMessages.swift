import Logging

/// What drivers say goes to the daemon's log.
enum DriverMessages {
    private static let levels: [Logger.Level] = [.debug, .info, .warning, .error]

    /// `level`: 0 debug … 3 error, as in the driver contract.
    static func write(_ driver: String, _ level: Int32, _ message: String) {
        let known = levels.indices.contains(Int(level)) ? levels[Int(level)] : .error
        Logger(label: "driver").log(level: known, "\(message)", metadata: ["driver": "\(driver)"])
    }
}
