import DriverKit
import Glibc
import LinuxSystem
import Synchronization

/// A container's log in `<state directory>/local-logs`.
final class LocalLog: LogDriver {
    private let folder: String
    private var store: LogStore?
    private let isCancelled = Atomic(false)

    init(_ context: OpenContext) throws {
        folder = "\(context.stateDirectory)/local-logs"
        let options = try LocalOptions(context.options)
        if context.readOnly { return }
        do throws(Errno) { store = try LogStore(folder, options) } catch {
            throw DriverError(error.code, "the log \(folder) can't be opened: \(error)")
        }
    }

    func write(_ batch: LogBatch) throws {
        guard let store else { throw DriverError(EBADF, "the log \(folder) is open for reading only") }
        do throws(Errno) { try store.write(batch) } catch {
            throw DriverError(error.code, "the log \(folder) can't be written: \(error)")
        }
    }

    func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        isCancelled.store(false, ordering: .relaxed)
        let reader = LogReader(Segments(folder: folder), query) { self.isCancelled.load(ordering: .relaxed) }
        do { try reader.read(body) } catch let error as Errno {
            throw DriverError(error.code, "the log \(folder) can't be read: \(error)")
        }
    }

    func remove() throws {
        close()
        do throws(Errno) { try Files.removeTree(folder) } catch {
            throw DriverError(error.code, "the log \(folder) can't be removed: \(error)")
        }
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func close() {
        store?.close()
        store = nil
    }
}
