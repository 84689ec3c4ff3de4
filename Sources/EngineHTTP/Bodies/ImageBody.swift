import EngineCore
import EngineModel
import EngineWire

/// Images in Docker's words.
enum ImageBody {
    static func inspect(_ image: ImageSnapshot) -> JSONValue {
        [
            "Id": .string(image.id), "RepoTags": JSONValue(image.tags), "RepoDigests": JSONValue(image.digests), "Parent": "", "Comment": .string(image.comment),
            "Created": .string(Timestamp.format(image.created)), "DockerVersion": "", "Author": .string(image.author),
            "Config": ConfigBody.make(image.configuration), "Architecture": .string(image.architecture), "Os": .string(image.os),
            "Size": .integer(image.size), "VirtualSize": .integer(image.size),
            "GraphDriver": ["Data": nil, "Name": .string(image.storageDrivers.first ?? "")], "StorageDrivers": JSONValue(image.storageDrivers),
            "RootFS": ["Type": "layers", "Layers": JSONValue(image.diffIDs)],
            "Metadata": ["LastTagTime": .string(Timestamp.zero)],
        ]
    }

    static func listItem(_ image: ImageSnapshot, containers: Int, shared: Int64 = -1) -> JSONValue {
        [
            "Id": .string(image.id), "ParentId": "", "RepoTags": JSONValue(image.tags), "RepoDigests": JSONValue(image.digests),
            "Created": .integer(image.created / 1_000_000_000), "Size": .integer(image.size), "SharedSize": .integer(shared), "VirtualSize": .integer(image.size),
            "Labels": image.configuration.labels.isEmpty ? nil : JSONValue(image.configuration.labels), "Containers": .integer(Int64(containers)),
            "StorageDrivers": JSONValue(image.storageDrivers),
        ]
    }

    static func removal(_ removal: ImageRemoval) -> JSONValue {
        switch removal {
        case .untagged(let name): ["Untagged": .string(name)]
        case .deleted(let id): ["Deleted": .string(id)]
        }
    }
}
