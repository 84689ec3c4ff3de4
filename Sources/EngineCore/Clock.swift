import Glibc

/// The wall clock as the engine writes it down.
public enum Clock {
    /// ns since 1970.
    public static func now() -> Int64 { read(CLOCK_REALTIME) }

    /// When this machine was started, ns since 1970.
    static func boot() -> Int64 { now() - read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
