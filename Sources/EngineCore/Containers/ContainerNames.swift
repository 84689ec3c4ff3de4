/// Names for containers that got none: an adjective and a thing.
enum ContainerNames {
    private static let adjectives = [
        "amber", "bold", "brisk", "calm", "clever", "coral", "crisp", "deft", "eager", "fleet", "gentle", "golden", "hardy",
        "humble", "jolly", "keen", "lively", "lucid", "mellow", "nimble", "patient", "plucky", "quiet", "rapid", "robust",
        "rustic", "serene", "sharp", "silver", "steady", "sunny", "swift", "tidy", "vivid", "warm", "witty",
    ]
    private static let things = [
        "anchor", "barge", "beacon", "boom", "bridge", "buoy", "cable", "capstan", "chain", "cleat", "crane", "deck", "derrick",
        "dock", "ferry", "girder", "harbour", "hawser", "hoist", "hook", "hull", "jetty", "keel", "ladder", "lantern", "lever",
        "mast", "mooring", "pier", "pulley", "quay", "rigging", "rudder", "sling", "tackle", "winch",
    ]

    static func random(isTaken: (String) -> Bool) -> String {
        for attempt in 0... {
            let plain = "\(adjectives.randomElement()!)_\(things.randomElement()!)"
            let name = attempt < 3 ? plain : plain + String(Int.random(in: 2...9999))
            if !isTaken(name) { return name }
        }
        fatalError("the loop above ends only with a name")
    }
}
