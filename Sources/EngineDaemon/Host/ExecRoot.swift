import EngineErrors
import EngineModel
import LinuxSystem

/// The folder of what runs belongs to one data root: to a daemon on another one, its containers would be nobody's, and
/// ended.
enum ExecRoot {
    /// The next daemon on this data root finds its containers there. `<exec root>/data-root` says whose it is.
    ///
    /// - Throws: `.conflict` when containers of another data root are there. One that does not exist any more has none.
    static func claim(_ folder: String, for dataRoot: String) throws(EngineError) {
        let file = "\(folder)/data-root", mine: [UInt8], owner: [UInt8]
        do throws(Errno) {
            mine = Array(try Files.realPath(dataRoot).utf8)
            owner = Files.exists(file) ? try Files.read(file) : []
        } catch { throw unusable(folder, error) }
        if owner == mine { return }
        let other = String(decoding: owner, as: UTF8.self)
        if !owner.isEmpty && Files.exists(other) && holdsContainers(folder) {
            throw EngineError(
                .conflict, "\(folder) holds containers of the data root \(other), which a daemon on \(dataRoot) would end; start it on that one, or choose another folder with --exec-root")
        }
        do throws(Errno) { try Files.replace(file, with: mine) } catch { throw unusable(folder, error) }
    }

    private static func unusable(_ folder: String, _ error: Errno) -> EngineError {
        EngineError(.unavailable, "the exec root \(folder) can't be used: \(error)", errno: error.code, underlying: error)
    }

    private static func holdsContainers(_ folder: String) -> Bool {
        ((try? Files.list("\(folder)/containers")) ?? []).contains(where: Identifier.isFull)
    }
}
