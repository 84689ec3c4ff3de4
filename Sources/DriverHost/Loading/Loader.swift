import CDriverABI
import DriverKit
public import EngineErrors
import Glibc
import Synchronization

/// Loads drivers. Needs no threads, so that a single-threaded process can use it.
public enum Loader {
    /// Receives what a driver says to the engine's log: the driver's file name, the level (0 debug … 3 error), the
    /// message. Comes from any thread.
    public typealias Log = @Sendable (_ driver: String, _ level: Int32, _ message: String) -> Void

    private static let loaded = Mutex<Set<String>>([])

    /// Whether a file of this path is mapped into this process, or was: the path gives the old image for ever, whatever
    /// lies there now.
    public static func hasLoaded(_ path: String) -> Bool { loaded.withLock { $0.contains(path) } }

    static let abiVersion: UInt32 = GANTRY_ABI_MAJOR << 16 | GANTRY_ABI_MINOR

    /// Checks the file and loads it. Nothing of the file runs before the checks of its owner and of its contents are done.
    ///
    /// - Parameter checksOwnership: refuse what others than root could have written. Off only for development and tests.
    /// - Throws: one sentence: `.invalidArgument` (path), `.notFound`, `.permissionDenied` (owner, mode, run path),
    ///   `.dataCorrupted` (no ELF file, truncated), `.unsupported` (architecture, ABI), `.driverFailed` (the driver refused).
    public static func load(_ path: String, checksOwnership: Bool, log: @escaping Log = standardError) throws(EngineError) -> LoadedDriver {
        try checkFile(path, checksOwnership: checksOwnership)
        try checkContents(path, checksOwnership: checksOwnership)
        return try Descriptor(path, try start(path, log)).driver()
    }

    /// What `log` is unless told otherwise: a line on standard error.
    public static let standardError: Log = { driver, level, message in
        let names = ["debug", "info", "warning", "error"]
        let name = names.indices.contains(Int(level)) ? names[Int(level)] : "level \(level)"
        let line = Array("\(driver): \(name): \(message)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }

    static func refusal(_ path: String, _ code: EngineError.Code, _ why: String, errno: Int32? = nil) -> EngineError {
        EngineError(code, "the driver file \(path) was refused: \(why)", errno: errno)
    }

    private static func checkFile(_ path: String, checksOwnership: Bool) throws(EngineError) {
        guard path.hasPrefix("/") else { throw refusal(path, .invalidArgument, "the path is not absolute") }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            let code = errno
            throw refusal(path, code == ENOENT ? .notFound : .permissionDenied, "\(String(cString: strerror(code)))", errno: code)
        }
        let type = status.st_mode & S_IFMT
        if type == S_IFLNK { throw refusal(path, .permissionDenied, "it is a symbolic link; give the path of the file itself") }
        guard type == S_IFREG else { throw refusal(path, .invalidArgument, "it is not a regular file") }
        if checksOwnership, let why = Ownership.objection(file: path) { throw refusal(path, .permissionDenied, why) }
    }

    private static func checkContents(_ path: String, checksOwnership: Bool) throws(EngineError) {
        let image = try read(path)
        let entries = image.exports.filter { $0.hasPrefix("gantry_driver_entry_") }
        if !entries.contains(GANTRY_ENTRY_SYMBOL) {
            let why =
                entries.isEmpty
                ? "it is not a driver: it does not export \(GANTRY_ENTRY_SYMBOL)"
                : "it exports \(entries.sorted().joined(separator: ", ")) but not \(GANTRY_ENTRY_SYMBOL): it was built for another major version of the driver contract"
            throw refusal(path, .unsupported, why)
        }
        if checksOwnership, let why = RunPath.objection(image.runPaths, origin: Ownership.parent(path)) {
            throw refusal(path, .permissionDenied, why)
        }
    }

    private static func read(_ path: String) throws(EngineError) -> ELFImage {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let code = errno
            throw refusal(path, code == ENOENT ? .notFound : .permissionDenied, String(cString: strerror(code)), errno: code)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else { throw refusal(path, .dataCorrupted, "it is empty") }
        let size = Int(status.st_size)
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw refusal(path, .resourceExhausted, "it can't be mapped: \(String(cString: strerror(errno)))", errno: errno)
        }
        defer { munmap(base, size) }
        do throws(ELFProblem) { return try ELFImage(UnsafeRawBufferPointer(start: base, count: size)) } catch { throw refusal(path, error) }
    }

    private static func refusal(_ path: String, _ problem: ELFProblem) -> EngineError {
        switch problem {
        case .notELF: refusal(path, .dataCorrupted, "it is not an ELF file")
        case .truncated: refusal(path, .dataCorrupted, "the file is truncated; install it again")
        case .notSharedObject: refusal(path, .invalidArgument, "it is an ELF file, but no shared object")
        case .malformed(let why): refusal(path, .dataCorrupted, why)
        case .machine(let found):
            refusal(path, .unsupported, "it was built for \(found), this engine is \(ELFImage.machines[ELFImage.ownMachine] ?? "another machine")")
        }
    }

    /// Maps the image (its constructors run) and calls its entry point.
    private static func start(_ path: String, _ log: @escaping Log) throws(EngineError) -> UnsafePointer<gantry_driver> {
        _ = loaded.withLock { $0.insert(path) }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw refusal(path, .driverFailed, "it can't be loaded: \(dlerror().map { String(cString: $0) } ?? "unknown reason")")
        }
        guard let symbol = dlsym(handle, GANTRY_ENTRY_SYMBOL) else {
            throw refusal(path, .unsupported, "it is not a driver: \(GANTRY_ENTRY_SYMBOL) can't be called")
        }
        typealias Entry = @convention(c) (UnsafePointer<gantry_host>?, UnsafeMutablePointer<gantry_error>?) -> UnsafePointer<gantry_driver>?
        let entry = unsafeBitCast(symbol, to: Entry.self)
        var failure = gantry_error()
        guard let driver = entry(HostOffer.make(for: path, log), &failure) else {
            let said = withUnsafeMutablePointer(to: &failure) { $0.message }
            throw refusal(path, .driverFailed, "the driver can't serve here: \(said.isEmpty ? "it gave no reason" : said)", errno: failure.code)
        }
        return driver
    }
}

/// What the engine offers to one driver, for the life of the process.
private final class HostOffer {
    let driver: String
    let log: Loader.Log

    private init(_ driver: String, _ log: @escaping Loader.Log) {
        self.driver = driver
        self.log = log
    }

    static func make(for path: String, _ log: @escaping Loader.Log) -> UnsafePointer<gantry_host> {
        let offer = HostOffer(String(path.split(separator: "/").last ?? ""), log)
        let host = UnsafeMutablePointer<gantry_host>.allocate(capacity: 1)
        host.initialize(
            to: gantry_host(
                size: UInt32(MemoryLayout<gantry_host>.size), abi_version: Loader.abiVersion,
                context: Unmanaged.passRetained(offer).toOpaque(),
                log: { context, level, message in
                    let offer = Unmanaged<HostOffer>.fromOpaque(context!).takeUnretainedValue()
                    offer.log(offer.driver, level, message.string)
                }))
        return UnsafePointer(host)
    }
}
