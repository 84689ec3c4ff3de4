import EngineCore
import EngineErrors
import EngineModel
import EngineWire
import NIOHTTP1

/// Images.
struct ImageRoutes {
    private let images: any ImageService
    private let containers: any ContainerService

    init(_ services: EngineServices) {
        images = services.images
        containers = services.containers
    }

    func add(to router: inout Router) {
        router.add(.GET, "/images/json", list)
        router.add(.POST, "/images/create", create)
        router.add(.POST, "/images/load", load)
        router.add(.POST, "/images/prune", prune)
        // `docker system prune` asks for it; nothing is built here, so nothing is kept of it.
        router.add(.POST, "/build/prune") { _, _ in .json(["CachesDeleted": nil, "SpaceReclaimed": 0]) }
        router.add(.GET, "/images/get") { request, _ in
            try await save(request.query.all("names").flatMap { $0.split(separator: ",").map(String.init) })
        }
        router.add(.GET, "/images/{name*}/get") { _, name in try await save([name[0]]) }
        router.add(.GET, "/images/{name*}/json") { _, name in .json(ImageBody.inspect(try await images.inspectImage(name[0]))) }
        router.add(.GET, "/images/{name*}/history", history)
        router.add(.POST, "/images/{name*}/tag", tag)
        router.add(.POST, "/gantry/images/{name*}/migrate") { request, name in
            let moved = try await images.migrateImage(name[0], to: try MigrationTarget.driver(request))
            return .json(["Id": .string(moved.image), "From": JSONValue(moved.from), "To": .string(moved.to), "StillUsedBy": JSONValue(moved.stillUsedBy)])
        }
        router.add(.POST, "/images/{name*}/push") { _, _ in throw EngineError(.unsupported, "this engine can't push images yet: use save and a registry's own tools") }
        router.add(.DELETE, "/images/{name*}") { request, name in
            let removals = try await images.removeImage(name[0], force: request.query.flag("force"), prune: !request.query.flag("noprune"))
            return .json(.array(removals.map(ImageBody.removal)))
        }
    }

    @Sendable private func list(_ request: Request, _: Router.Parameters) async throws -> Response {
        let filters = try request.filters(["reference", "dangling", "label", "before", "since", "until"])
        let dangling = try filters.flag("dangling")
        let all = try await images.listImages()
        func created(_ reference: String) async throws -> Int64 { try await images.inspectImage(reference).created }
        let before = try await filters["before"].first.asyncMap(created), since = try await filters["since"].first.asyncMap(created)
        let used = Dictionary(grouping: await containers.list(), by: \.imageID).mapValues(\.count)
        let chosen = all.filter { image in
            filters.allowsLabels(image.configuration.labels) && (dangling.map { $0 == image.tags.isEmpty } ?? true)
                && (before.map { image.created < $0 } ?? true) && (since.map { image.created > $0 } ?? true)
                && filters.allows("reference") { wanted in image.tags.contains { ReferencePattern.matches($0, wanted) } }
        }
        return .json(.array(chosen.map { ImageBody.listItem($0, containers: used[$0.id] ?? 0) }))
    }

    /// `import` with fromSrc=-; pulling is not there yet, and says so.
    @Sendable private func create(_ request: Request, _: Router.Parameters) async throws -> Response {
        let query = request.query
        if let image = query["fromImage"], !image.isEmpty {
            // Clients take "repository does not exist" for "no such image".
            throw EngineError(.notFound, "pull access denied for \(image), repository does not exist here: this engine can't pull images yet; use load or import")
        }
        guard query["fromSrc"] == "-" else {
            throw EngineError(.invalidArgument, "an image is imported from the request's body: fromSrc must be \"-\", not \"\(query["fromSrc"] ?? "")\"")
        }
        var reference: String?
        if let repository = query["repo"], !repository.isEmpty {
            let tag = query["tag"] ?? ""
            reference = tag.isEmpty ? repository : "\(repository):\(tag)"
        }
        let id = try await images.importImage(
            from: request.body, reference: reference, message: query["message"] ?? "", changes: query.all("changes"), platform: query["platform"])
        return .json(["status": .string(id)])
    }

    @Sendable private func load(_ request: Request, _: Router.Parameters) async throws -> Response {
        let lines = try await images.loadImages(from: request.body)
        let text = lines.map { line -> JSONValue in ["stream": .string("\(line)\n")] }
        return .data(status: .ok, headers: ["Content-Type": "application/json"], text.flatMap { $0.encoded() + [0x0d, 0x0a] })
    }

    private func save(_ names: [String]) async throws -> Response {
        let write = try await images.saveImages(names)
        return .stream(status: .ok, headers: ["Content-Type": "application/x-tar"]) { writer in try await write(writer) }
    }

    @Sendable private func tag(_ request: Request, _ name: Router.Parameters) async throws -> Response {
        let repository = request.query["repo"] ?? "", tag = request.query["tag"] ?? ""
        try await images.tagImage(name[0], as: tag.isEmpty ? repository : "\(repository):\(tag)")
        return .data(status: .created, headers: [:], [])
    }

    @Sendable private func history(_ request: Request, _ name: Router.Parameters) async throws -> Response {
        .json(
            .array(
                try await images.history(name[0]).map { entry in
                    [
                        "Id": .string(entry.id.isEmpty ? "<missing>" : entry.id), "Created": .integer(entry.created / 1_000_000_000), "CreatedBy": .string(entry.createdBy),
                        "Tags": entry.tags.isEmpty ? nil : JSONValue(entry.tags), "Size": .integer(entry.size), "Comment": .string(entry.comment),
                    ]
                }))
    }

    @Sendable private func prune(_ request: Request, _: Router.Parameters) async throws -> Response {
        let filter = try PruneFilter(request, others: ["dangling", "until"])
        let pruned = try await images.pruneImages(all: try filter.filters.flag("dangling") == false) { filter.allows($0.configuration.labels, created: $0.created) }
        return .json([
            "ImagesDeleted": pruned.removals.isEmpty ? nil : .array(pruned.removals.map(ImageBody.removal)), "SpaceReclaimed": .integer(pruned.bytes),
        ])
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<R>(_ body: (Wrapped) async throws -> R) async throws -> R? {
        guard let self else { return nil }
        return try await body(self)
    }
}

enum MigrationTarget {
    static func driver(_ request: Request) throws(EngineError) -> String {
        if let driver = request.query["to"], !driver.isEmpty { return driver }
        throw EngineError(.invalidArgument, "the storage driver to migrate to is missing: set the parameter \"to\"")
    }
}

/// `--filter reference=busy*:latest`: shell patterns on names and tags.
enum ReferencePattern {
    static func matches(_ reference: String, _ pattern: String) -> Bool {
        let name = reference.split(separator: ":").first.map(String.init) ?? reference
        return glob(Array(pattern), Array(reference)) || glob(Array(pattern), Array(name))
    }

    /// "*" stands for characters that are no "/", "?" for one. In time that grows with both texts, whatever the pattern.
    private static func glob(_ pattern: [Character], _ text: [Character]) -> Bool {
        var place = 0, next = 0
        /// Where the last "*" is, and how far it reaches.
        var star: (place: Int, end: Int)?
        while next < text.count {
            if place < pattern.count, pattern[place] == "*" {
                star = (place, next)
                place += 1
            } else if place < pattern.count, pattern[place] == text[next] || (pattern[place] == "?" && text[next] != "/") {
                place += 1
                next += 1
            } else if let last = star, text[last.end] != "/" {
                star = (last.place, last.end + 1)
                place = last.place + 1
                next = last.end + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
