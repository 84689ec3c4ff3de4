import Glibc
import LinuxSystem
import Logging
import Synchronization

/// Writes to stderr, a line and a write each, in one of Docker's two forms.
struct StandardErrorLog: LogHandler {
    private static let threshold = Atomic<Int>(2)
    private static let json = Atomic(false)

    /// `{"level":"info","msg":"…","time":"…"}` instead of `time="…" level=info msg="…"`; a reload may change it.
    static var isJSON: Bool {
        get { json.load(ordering: .relaxed) }
        set { json.store(newValue, ordering: .relaxed) }
    }

    /// Of every logger of the process; a reload may change it.
    static var level: Logger.Level {
        get { Logger.Level.allCases[threshold.load(ordering: .relaxed)] }
        set { threshold.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 2, ordering: .relaxed) }
    }

    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    /// The process has one level; setting a single logger's has no effect.
    var logLevel: Logger.Level {
        get { Self.level }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let message = "\(event.message)"
        var line = Self.isJSON ? JSONLine.text(time, event.level, message, all) : LogfmtLine.text(time, event.level, message, all)
        line.withUTF8 { bytes in
            // Nowhere to report it.
            try? Files.writeAll(STDERR_FILENO, UnsafeRawBufferPointer(bytes), "stderr")
        }
    }
}
