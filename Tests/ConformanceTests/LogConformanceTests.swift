import TestSupport
import Testing

@Suite("log drivers' conformance", .enabled(if: Verify.isRoot))
struct LogConformanceTests {
    @Test(
        "our log drivers pass",
        arguments: [("log-json-file", []), ("log-local", []), ("log-none", []), ("log-syslog", ["--option", "syslog-address=udp://127.0.0.1:5999"])] as [(String, [String])])
    func ours(_ name: String, _ arguments: [String]) {
        let report = Verify.run(Verify.driver(name), arguments)
        #expect(report.status == 0 && report.failed.isEmpty && report.passed.count >= 11, "\(report)")
    }

    @Test("those that can read are asked for everything")
    func whole() {
        for name in ["log-json-file", "log-local"] { #expect(Verify.run(Verify.driver(name)).skipped == [], "\(name)") }
    }

    @Test("a right driver in C passes")
    func plain() throws {
        let report = try SeededDriver("log", bug: "").verify()
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped.isEmpty, "\(report)")
    }

    @Test(
        "one bug fails one check",
        arguments: [
            ("STDERR_AS_STDOUT", "log.streams-are-kept", "was seen"), ("FORGETS_PARTS", "log.parts-stay-parts", "goes on"),
            ("TIME_IN_MICROSECONDS", "log.times-are-kept", "1700000000123456000"), ("LOSES_LINE_AT_ROTATION", "log.rotation-loses-nothing", "39 came back"),
            ("NUL_ENDS_LINE", "log.text-comes-back", "nul"), ("CUTS_LONG_LINES", "log.long-lines", "(65536 bytes)"), ("TAIL_COUNTS_PARTS", "log.tail", "parts"),
            ("UNTIL_IS_EXCLUSIVE", "log.since-and-until", ""), ("KEEPS_TORN_TAIL", "log.repairs-a-torn-tail", "cut"), ("SWALLOWS_FULL_DISK", "log.disk-full", "ENOSPC"),
            ("SWALLOWS_IO_ERROR", "log.survives-io-errors", "EIO"), ("REMOVES_NOTHING", "log.remove-leaves-nothing", "files are left"),
            ("HANGS_WHEN_STOPPED", "log.reader-may-stop", "hung for 10 s in: read, stopped after the first batch"),
            ("CRASHES_ON_NO_LINES", "log.accepts-every-line", "SIGSEGV in: write of no lines"), ("LEAKS_DESCRIPTOR", "driver.keeps-no-descriptors", "/dev/null"),
            ("LEAKS_MEMORY", "driver.keeps-no-memory", "KiB more"), ("TAKES_UNKNOWN_OPTIONS", "driver.refuses-unknown-options", "it succeeded"),
            ("EXACT_SIZE", "driver.accepts-a-newer-engine", "EINVAL"),
        ])
    func bugs(_ bug: String, _ check: String, _ words: String) throws { try SeededDriver.expect("log", bug, check, saying: words) }
}
