// Content comes and goes where it lies: what hangs in one place holds up no other.
extension ImageCatalog {
    /// The blobs, or a storage driver's layers. While something arrives there nothing is collected, and nothing begins to
    /// arrive while something is.
    final class Place {
        /// nil: the blobs.
        let driver: String?
        let lane: Lane
        /// Imports, loads and unpackings that go on now.
        var arrivals = 0
        var wantsCollection = false
        /// A layer of no image stays, because a container stands on it.
        var keepsUnused = false

        init(_ driver: String?) {
            self.driver = driver
            lane = Lane(driver.map { "image layers in \($0)" } ?? "image blobs")
        }

        var isQuiet: Bool { arrivals == 0 && lane.isIdle }
    }

    func layers(in driver: String) -> Place {
        if let place = layers[driver] { return place }
        let place = Place(driver)
        layers[driver] = place
        return place
    }

    /// Runs `body` while nothing is collected of the blobs, and of the layers in these storage drivers. After a failure,
    /// what it brought is.
    func arriving<R>(in drivers: Set<String> = [], _ body: () async throws -> R) async throws -> R {
        let places = [blobs] + drivers.sorted().map(layers(in:))
        for place in places { await place.lane.run("begin of an arrival") { place.arrivals += 1 } }
        do {
            let result = try await body()
            await arrived(at: places)
            return result
        } catch {
            for place in places { place.wantsCollection = true }
            await arrived(at: places)
            // What came may not have gone.
            Leftovers.shared.note()
            throw error
        }
    }

    private func arrived(at places: [Place]) async {
        for place in places { place.arrivals -= 1 }
        for place in places where place.arrivals == 0 && place.wantsCollection { _ = await collect(place) }
    }
}
