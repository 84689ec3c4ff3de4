import ContentStore
import EngineModel
import Glibc
import LinuxSystem

/// Files that nobody of the engine made in the folders that it calls its own. They are left alone.
struct EngineFolders: Reconciled {
    private let places: EnginePlaces

    init(_ places: EnginePlaces) { self.places = places }

    func discrepancies(deep: Bool) async -> [Discrepancy] {
        let root = places.dataRoot, drivers = places.drivers()
        return strange(root) { name in Self.own.contains(name) || name.hasPrefix("state.sqlite") }
            + ["storage", "network", "volume"].flatMap { kind in strange("\(root)/\(kind)", problem: Self.unknownDriver) { drivers.contains("\(kind)/\($0)") } }
            + strange("\(root)/drivers") { name in name == ".incoming" || Self.isDriver(name) }
            + strange("\(root)/scratch") { _ in false }
            + strange("\(root)/containers", Identifier.isFull)
            + strange("\(root)/content/ingest", ContentStore.isIncoming)
            + strange("\(root)/content") { ["blobs", "ingest"].contains($0) }
            + strange("\(root)/content/blobs") { $0 == "sha256" }
            + strange("\(root)/content/blobs/sha256", Identifier.isFull)
            + strange("\(places.execRoot)/containers", Identifier.isFull)
    }

    /// The folder of an installed driver.
    static func isDriver(_ name: String) -> Bool { ["storage", "network", "log", "volume"].contains { name.hasPrefix("\($0)-") } }

    /// `lost+found` comes with the file system.
    private static let own: Set = [
        "containers", "scratch", "content", "storage", "network", "volume", "log", "drivers", "quarantine", "lock", "lost+found",
    ]

    private static let unknownDriver = "of a driver that is not installed, and left alone; install the driver or move the folder elsewhere"

    private func strange(_ folder: String, problem: String = "not made by the engine and left alone; move it elsewhere", _ isOwn: (String) -> Bool) -> [Discrepancy] {
        ((try? Files.list(folder)) ?? []).filter { !isOwn($0) }.sorted().map { Discrepancy(.file, "\(folder)/\($0)", problem) }
    }
}
