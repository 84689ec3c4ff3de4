import DriverKit

/// The folders that an overlay mount names, in Docker's words. A mount of another kind has none.
enum LayerPlaces {
    private static let names = ["lowerdir": "LowerDir", "upperdir": "UpperDir", "workdir": "WorkDir"]

    static func find(_ mounts: [Mount]) -> [String: String] {
        var places: [String: String] = [:]
        for mount in mounts where mount.type == "overlay" {
            for option in mount.options.split(separator: ",") {
                let parts = option.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, let name = names[String(parts[0])] else { continue }
                places[name] = parts[1].split(separator: ":").map { $0.hasPrefix("/") ? String($0) : "\(mount.base)/\($0)" }.joined(separator: ":")
            }
        }
        return places
    }
}
