public import DriverKit
import Glibc

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(host, error, .storage("@NAME@", version: "0.1.0", summary: "Each snapshot a full copy", Copies.init))
}

/// Snapshots are folders, and children are copies of their parents.
///
///     a.KEY  v.KEY  c.KEY   a snapshot that is active, a view, committed: its tree is `fs`, its parent's key is in `parent`
///     tmp.KEY               half made or half removed; it goes when the driver is opened
///
/// What makes, commits or removes a snapshot is one rename(2), so that a crash leaves it as before or as after. Calls
/// come one at a time, for it does not say that it serves them at once; only `cancel` comes beside one.
final class Copies: StorageDriver {
    private let state: String
    private let helper = Helper()

    init(_ context: OpenContext) throws {
        state = context.stateDirectory
        for name in try names() where name.hasPrefix("tmp.") { try helper.run(["rm", "-rf", "\(state)/\(name)"], name) }
    }

    func cancel() { helper.cancel() }

    // MARK: names

    private static let letters: [(letter: String, state: Snapshot.State)] = [("a", .active), ("v", .view), ("c", .committed)]

    private func folder(_ letter: String, _ key: String) -> String { "\(state)/\(letter).\(key)" }

    private func names() throws -> [String] {
        guard let entries = opendir(state) else { throw failure(state) }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } })
        }
        return names
    }

    /// "a", "v" or "c".
    private func letter(of key: String) throws -> String {
        if Self.isKey(key), let found = Self.letters.first(where: { access(folder($0.letter, key), F_OK) == 0 }) { return found.letter }
        throw failure(key, ENOENT)
    }

    private func exists(_ key: String) -> Bool { (try? letter(of: key)) != nil }

    /// `[a-zA-Z0-9_.-]{1,128}`, so that none leads elsewhere.
    private static func isKey(_ key: String) -> Bool {
        let isWell = key.utf8.allSatisfy { isalnum(Int32($0)) != 0 || "_.-".utf8.contains($0) }
        return isWell && (1...128).contains(key.utf8.count) && key != "." && key != ".."
    }

    private func parent(_ letter: String, _ key: String) -> String {
        let file = open("\(folder(letter, key))/parent", O_RDONLY | O_CLOEXEC)
        defer { Glibc.close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        return String(decoding: bytes[..<max(read(file, &bytes, bytes.count), 0)], as: UTF8.self)
    }

    // MARK: making

    func prepare(_ key: String, parent: String) throws -> [Mount] { try make("a", key, parent) }

    /// Costs nothing: it shows its parent's tree, which does not change.
    func view(_ key: String, parent: String) throws -> [Mount] { try make("v", key, parent) }

    private func make(_ letter: String, _ key: String, _ parent: String) throws -> [Mount] {
        guard Self.isKey(key) else { throw failure(key, EINVAL) }
        if exists(key) { throw failure(key, EEXIST) }
        if !parent.isEmpty, try self.letter(of: parent) != "c" { throw failure(parent, EINVAL) }
        let aside = folder("tmp", key)
        do {
            try fill(aside, key, parent, copies: letter == "a" && !parent.isEmpty)
            if rename(aside, folder(letter, key)) != 0 { throw failure(key) }
        } catch {
            try? helper.run(["rm", "-rf", aside], key)
            throw error
        }
        return mounts(letter, key, parent)
    }

    private func fill(_ aside: String, _ key: String, _ parent: String, copies: Bool) throws {
        let tree = "\(aside)/fs"
        // Everybody in a container must be able to enter its root, whatever the engine's umask.
        guard mkdir(aside, 0o700) == 0, mkdir(tree, 0o755) == 0, chmod(tree, 0o755) == 0 else { throw failure(key) }
        let file = open("\(aside)/parent", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file < 0 { throw failure(key) }
        defer { Glibc.close(file) }
        let text = Array(parent.utf8), written = write(file, text, text.count)
        if written != text.count { throw failure(key, written < 0 ? errno : ENOSPC) }
        // cp knows links, holes, owners, times and attributes.
        if copies { try helper.run(["cp", "-a", "--reflink=auto", "\(folder("c", parent))/fs/.", tree], key) }
    }

    // MARK: mounts

    func mounts(_ key: String) throws -> [Mount] {
        let letter = try letter(of: key)
        if letter == "c" { throw failure(key, EINVAL) }
        return mounts(letter, key, parent(letter, key))
    }

    /// The engine mounts what is told here, in the container's own mount namespace.
    private func mounts(_ letter: String, _ key: String, _ parent: String) -> [Mount] {
        let isView = letter == "v", source = isView && !parent.isEmpty ? "c.\(parent)/fs" : "\(letter).\(key)/fs"
        return [Mount(type: "bind", source: source, base: state, flags: UInt64(MS_BIND | (isView ? MS_RDONLY : 0)))]
    }

    // MARK: the end

    /// Durable when it returns: the files first, then the name under which they are found.
    func commit(_ key: String, as name: String) throws {
        guard Self.isKey(name) else { throw failure(name, EINVAL) }
        if try letter(of: key) != "a" { throw failure(key, EINVAL) }
        if exists(name) { throw failure(name, EEXIST) }
        try helper.run(["sync", "-f", folder("a", key)], key)
        try withState { try move(folder("a", key), folder("c", name), key, syncing: $0) }
    }

    func remove(_ key: String) throws {
        let letter = try letter(of: key)
        try walk { snapshot in
            if snapshot.parent == key { throw failure(key, EBUSY) }
            return true
        }
        // A name that came back after a power cut must not come back without its files.
        try withState { try move(folder(letter, key), folder("tmp", key), key, syncing: letter == "c" ? $0 : nil) }
        // It is removed now; what rm leaves goes with the next `open`.
        try? helper.run(["rm", "-rf", folder("tmp", key)], key)
    }

    private func withState(_ body: (Int32) throws -> Void) throws {
        let file = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if file < 0 { throw failure(state) }
        defer { Glibc.close(file) }
        try body(file)
    }

    private func move(_ from: String, _ to: String, _ key: String, syncing state: Int32?) throws {
        if rename(from, to) != 0 { throw failure(key) }
        guard let state, fsync(state) != 0 else { return }
        let code = errno
        rename(to, from)
        throw failure(key, code)
    }

    // MARK: looking

    func walk(_ body: (Snapshot) -> Bool) throws { try walk { snapshot throws in body(snapshot) } }

    private func walk(_ body: (Snapshot) throws -> Bool) throws {
        for name in try names() {
            guard let (letter, state) = Self.letters.first(where: { name.hasPrefix("\($0.letter).") }) else { continue }
            let key = String(name.dropFirst(2))
            var status = stat()
            guard stat("\(folder(letter, key))/parent", &status) == 0 else { continue }
            let created = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            if try !body(Snapshot(key: key, parent: parent(letter, key), state: state, created: created)) { return }
        }
    }

    func usage(_ key: String) throws -> Usage {
        let letter = try letter(of: key), parent = parent(letter, key)
        var tally = Tally()
        if letter != "v" { tally.add("\(folder(letter, key))/fs", without: parent.isEmpty ? nil : "\(folder("c", parent))/fs") }
        return Usage(bytes: Int64(tally.bytes.rounded()), inodes: Int64(tally.inodes.rounded()))
    }

    private func failure(_ key: String, _ code: Int32 = errno) -> DriverError { DriverError(code, "snapshot \(key.prefix(200)): \(String(cString: strerror(code)))") }
}

/// What of a tree is not as it is in another one. A file with several names counts in equal shares.
private struct Tally {
    var bytes = 0.0, inodes = 0.0

    mutating func add(_ tree: String, without base: String?) {
        guard let entries = opendir(tree) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            var now = stat(), before = stat()
            if name == "." || name == ".." || lstat("\(tree)/\(name)", &now) != 0 { continue }
            let old = base.map { "\($0)/\(name)" }, isFolder = now.st_mode & S_IFMT == S_IFDIR
            if old == nil || lstat(old!, &before) != 0 || !Self.isUnchanged(now, before, isFolder) {
                let share = isFolder ? 1 : 1 / Double(now.st_nlink)
                bytes += share * 512 * Double(now.st_blocks)
                inodes += share
            }
            if isFolder { add("\(tree)/\(name)", without: old) }
        }
    }

    private static func isUnchanged(_ now: stat, _ before: stat, _ isFolder: Bool) -> Bool {
        guard now.st_mode == before.st_mode, now.st_uid == before.st_uid, now.st_gid == before.st_gid else { return false }
        return isFolder
            || (now.st_size == before.st_size && now.st_rdev == before.st_rdev && now.st_mtim.tv_sec == before.st_mtim.tv_sec
                && now.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
    }
}

/// Runs one program at a time, which can be ended from another thread.
private final class Helper: @unchecked Sendable {
    private var lock = pthread_mutex_t()
    /// Guarded by `lock`; 0: none runs.
    private var pid: pid_t = 0

    init() { pthread_mutex_init(&lock, nil) }
    deinit { pthread_mutex_destroy(&lock) }

    private func locked(_ body: () -> Void) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        body()
    }

    func cancel() { locked { if pid > 0 { kill(pid, SIGTERM) } } }

    /// What the program has to say goes to the daemon's log.
    func run(_ words: [String], _ key: String) throws {
        let arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var code: Int32 = 0
        locked { code = posix_spawnp(&pid, words[0], nil, nil, arguments, environ) }
        if code != 0 { throw DriverError(code, "\(words[0]) for snapshot \(key): \(String(cString: strerror(code)))") }
        // It stays a zombie until nobody can send it a signal any more.
        var end = siginfo_t(), status: Int32 = 0
        while waitid(P_PID, id_t(pid), &end, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        locked {
            waitpid(pid, &status, 0)
            pid = 0
        }
        if status & 0x7f != 0 { throw DriverError(ECANCELED, "\(words[0]) for snapshot \(key) was ended by signal \(status & 0x7f)") }
        if status != 0 { throw DriverError(EIO, "\(words[0]) for snapshot \(key) failed with status \(status >> 8)") }
    }
}
