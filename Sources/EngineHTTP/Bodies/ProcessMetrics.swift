import EngineWire
import Glibc
import LinuxSystem

/// The `process_` metrics that Prometheus' own libraries have, of this process.
enum ProcessMetrics {
    static func add(to text: inout MetricsText) {
        var used = rusage(), limit = rlimit()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &used)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        // Behind the name, which may have anything in it.
        let fields =
            ((try? Files.read("/proc/self/stat")).map { String(decoding: $0, as: UTF8.self) } ?? "")
            .split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
        // From the state's letter on, which is no number: see proc_pid_stat(5).
        func field(_ number: Int) -> Double { fields.count > number - 4 ? fields[number - 4] : 0 }
        let page = Double(sysconf(Int32(_SC_PAGESIZE))), tick = Double(sysconf(Int32(_SC_CLK_TCK)))
        text.single("process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds", seconds(used.ru_utime) + seconds(used.ru_stime))
        text.single("process_max_fds", .gauge, "Maximum number of open file descriptors", Double(limit.rlim_cur))
        text.single("process_open_fds", .gauge, "Number of open file descriptors", Double((try? Files.list("/proc/self/fd").count) ?? 0))
        text.single("process_resident_memory_bytes", .gauge, "Resident memory size in bytes", field(24) * page)
        text.single("process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds", bootTime() + field(22) / tick)
        text.single("process_threads", .gauge, "Number of threads", field(20))
        text.single("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes", field(23))
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func bootTime() -> Double {
        var now = timespec(), up = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &up)
        return Double(now.tv_sec - up.tv_sec) + Double(now.tv_nsec - up.tv_nsec) / 1e9
    }
}
