extension Operations {
    static let networks = [
        Operation(
            name: "network create", run: "g network create made", undo: "g network rm made", show: "g run --rm --network made busybox echo runs",
            points: ["bridge.addresses.before", "bridge.filter.before:2", "network.create.driver.after"] + saved("network"),
            failing: ["bridge.addresses.before", "bridge.filter.before:2", "state.save.network.before"]),
        Operation(
            name: "network rm", prepare: "g network create made", run: "g network rm made", undo: "true",
            points: ["bridge.delete.before", "network.remove.driver.after"] + removed("network"), failing: ["bridge.delete.before", "state.remove.network.before"]),
    ]

    static let volumes = [
        Operation(
            name: "volume create", run: "g volume create made", undo: "g volume rm made", show: "g run --rm --network none -v made:/made busybox echo runs",
            points: [
                "local-volume.data.before", "local-volume.create.before", "local-volume.create.sync.before", "local-volume.create.sync.after", "volume.create.driver.after",
            ] + saved("volume"),
            failing: ["local-volume.data.before", "local-volume.create.before", "local-volume.create.sync.before", "state.save.volume.before"]),
        Operation(
            name: "volume rm", prepare: "g volume create made", run: "g volume rm made", undo: "true",
            points: [
                "local-volume.remove.before", "local-volume.remove.sync.before", "local-volume.remove.sync.after", "volume.remove.driver.after",
            ] + removed("volume"),
            failing: ["local-volume.remove.before", "local-volume.remove.sync.before"]),
    ]

    /// Empty, it stays for the next file that comes in.
    private static let tidy = "&& { rmdir $root/data/drivers/.incoming || true; }"

    static let drivers = [
        Operation(
            name: "driver install", run: "g driver install $root/versions/1.0/libvolume-faulty.so", undo: "g driver rm faulty \(tidy)", show: "g volume create -d faulty vol && g volume rm vol",
            points: ["driver.receive.sync.before", "driver.keep.aside.before", "driver.keep.before", "driver.keep.sync.before", "driver.keep.sync.after"],
            failing: ["driver.receive.sync.before", "driver.keep.aside.before", "driver.keep.before", "driver.keep.sync.before"]),
        Operation(
            name: "driver upgrade", prepare: "g driver install $root/versions/1.0/libvolume-faulty.so", run: "g driver upgrade faulty $root/versions/1.1/libvolume-faulty.so",
            undo: "g driver rm faulty \(tidy)",
            points: ["driver.receive.sync.before", "driver.keep.aside.before", "driver.keep.before", "driver.keep.sync.after", "driver.upgrade.after"],
            failing: ["driver.keep.aside.before", "driver.keep.sync.before"]),
        Operation(
            name: "driver rm", prepare: "g driver install $root/versions/1.0/libvolume-faulty.so", run: "g driver rm faulty", undo: "true \(tidy)",
            points: ["driver.forget.before", "driver.forget.sync.before", "driver.forget.sync.after", "driver.remove.files.after", "driver.remove.after"],
            failing: ["driver.forget.before", "driver.forget.sync.before"]),
    ]
}
