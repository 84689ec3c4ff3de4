import EngineErrors
import EngineModel
import Logging
public import StateStore

/// Compares everything that the engine knows with everything that there is.
public struct SystemCheck: CheckService {
    private let parts: [any Reconciled]
    private let store: StateStore
    private let quarantine: Quarantine
    private let logger = Logger(label: "check")

    public init(_ places: EnginePlaces, _ store: StateStore, _ containers: ContainerCatalog, _ images: ImageCatalog, _ networks: NetworkCatalog, _ volumes: VolumeCatalog) {
        self.store = store
        quarantine = Quarantine(dataRoot: places.dataRoot)
        parts = [containers, images, networks, volumes, HostMounts(places), EngineFolders(places)]
    }

    /// Looks twice: what was under way the first time, because the engine goes on working, is done by the second.
    public func check(deep: Bool, repair: Bool) async throws -> CheckReport {
        var report = CheckReport()
        for discrepancy in await lookTwice(deep: deep) {
            let outcome = repair ? await mend(discrepancy) : .left
            report.entries.append(CheckReport.Entry(finding: discrepancy.finding, outcome: outcome))
        }
        if report.entries.contains(where: { $0.outcome == .repaired }) { await confirm(&report) }
        report.setAside = try await setAside()
        return report
    }

    /// A repair that went well on its face, and changed nothing, is none.
    private func confirm(_ report: inout CheckReport) async {
        let left = Set(await lookTwice(deep: false).map(\.finding))
        for index in report.entries.indices where report.entries[index].outcome == .repaired && left.contains(report.entries[index].finding) {
            report.entries[index].outcome = .failed("it is still so; the daemon's log may say why")
        }
    }

    private func lookTwice(deep: Bool) async -> [Discrepancy] {
        let found = await look(deep: deep)
        if found.isEmpty { return [] }
        let again = Set(await look(deep: deep).map(\.finding))
        return found.filter { again.contains($0.finding) }
    }

    /// Removes and writes down what could not be at its time, as soon as that can be done. Returns when its task is cancelled.
    public func sweep() async {
        for await _ in Leftovers.shared.notes {
            // What is still there after two minutes waits for the next note, or for a person.
            for pause in [1, 2, 4, 8, 15, 30, 60] {
                let count = Leftovers.shared.count
                for second in 0..<pause where second == 0 || Leftovers.shared.count == count {
                    do { try await Task.sleep(for: .seconds(1)) } catch { return }
                }
                // What was noted meanwhile does not wait as long as what could not be mended.
                if pause > 1 && Leftovers.shared.count != count { break }
                let found = await lookTwice(deep: false)
                for discrepancy in found where [.remove, .record].contains(discrepancy.finding.repair) { _ = await mend(discrepancy) }
                if found.isEmpty { break }
            }
        }
    }

    private func look(deep: Bool) async -> [Discrepancy] {
        var found: [Discrepancy] = []
        for part in parts { found += await part.discrepancies(deep: deep) }
        return found
    }

    private func mend(_ discrepancy: Discrepancy) async -> CheckReport.Outcome {
        guard let mend = discrepancy.mend else { return .left }
        do throws(EngineError) {
            try await mend()
            logger.info("repaired", metadata: discrepancy.metadata)
            return .repaired
        } catch {
            logger.warning("not repaired: \(error)", metadata: discrepancy.metadata)
            return .failed(error.message)
        }
    }

    private func setAside() async throws(EngineError) -> [CheckReport.SetAside] {
        try await BlockingCalls.run { [store, quarantine] in
            let databases = store.setAsideDatabases.map {
                CheckReport.SetAside(object: $0, reason: "a damaged state database; what its records owned is kept until this file is removed", time: 0)
            }
            let records = try store.setAsideRecords().map { CheckReport.SetAside(object: "record \($0.kind) \($0.id)", reason: $0.reason, time: $0.time) }
            return databases + records + quarantine.list()
        }
    }
}

extension Discrepancy {
    var metadata: Logger.Metadata { ["kind": "\(finding.kind.rawValue)", "object": "\(finding.object)", "problem": "\(finding.problem)"] }
}

/// At boot: mends what is safe and quick, and says the rest.
extension [Discrepancy] {
    func mendAtBoot(_ logger: Logger) async {
        for discrepancy in self {
            guard let mend = discrepancy.mend, !discrepancy.waitsForUse else {
                logger.warning("found at the start: \(discrepancy.finding.problem)", metadata: discrepancy.metadata)
                continue
            }
            do throws(EngineError) {
                try await mend()
                logger.info("mended at the start", metadata: discrepancy.metadata)
            } catch {
                logger.warning("found at the start and not mended: \(error)", metadata: discrepancy.metadata)
            }
        }
    }
}
