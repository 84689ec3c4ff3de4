import EngineErrors
import Glibc
import LinuxSystem

/// `<data root>/quarantine`: what could not be read, each beside a file `<name>.reason`. A person decides.
struct Quarantine: Sendable {
    private let folder: String

    init(dataRoot: String) { folder = "\(dataRoot)/quarantine" }

    /// Moves a file or folder there. Durable when it returns.
    func take(_ path: String, as name: String, _ reason: String) throws(EngineError) {
        do throws(Errno) {
            try Files.makeDirectories(folder)
            let place = free(name)
            try Files.replace("\(place).reason", with: Array("\(reason)\n".utf8), mode: 0o600, durable: true)
            do throws(Errno) { try Errno.check("move \(path)", rename(path, place)) } catch {
                unlink("\(place).reason")
                throw error
            }
            try Files.syncDirectory(folder)
        } catch {
            throw EngineError(.internal, "\(path) can't be set aside: \(error)", errno: error.code)
        }
    }

    private func free(_ name: String) -> String {
        var place = "\(folder)/\(name)", attempt = 1
        while Files.exists(place) {
            attempt += 1
            place = "\(folder)/\(name)-\(attempt)"
        }
        return place
    }

    func list() -> [CheckReport.SetAside] {
        let names = ((try? Files.list(folder)) ?? []).filter { !$0.hasSuffix(".reason") }.sorted()
        return names.map { name in
            let path = "\(folder)/\(name)"
            let reason = (try? Files.read("\(path).reason")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            var status = stat()
            let time = lstat("\(path).reason", &status) == 0 ? Int64(status.st_mtim.tv_sec) * 1_000_000_000 : 0
            return CheckReport.SetAside(object: path, reason: String(reason.prefix { $0 != "\n" }), time: time)
        }
    }
}
