/// Every operation that changes what is kept. Together they come by every fail point of the daemon and of the drivers in it.
enum Operations {
    static let all = containers + images + networks + volumes + drivers

    static func saved(_ kind: String, _ number: Int = 1) -> [String] {
        ["before", "after"].map { "state.save.\(kind).\($0)" + (number == 1 ? "" : ":\(number)") }
    }

    static func removed(_ kind: String) -> [String] { ["state.remove.\(kind).before", "state.remove.\(kind).after"] }
}
