import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("gantry driver verify", .enabled(if: Verify.isRoot))
struct VerifyTests {
    private let gantry = "\(Engine.bin)/gantry"

    @Test("a file that can't be loaded ends with 2 and the loader's sentence")
    func refused() {
        let missing = Verify.run("/nonexistent/liblog-x.so")
        #expect(missing.status == 2 && missing.text.contains("the driver file /nonexistent/liblog-x.so was refused: No such file or directory"))
        let text = Verify.run("/etc/passwd")
        #expect(text.status == 2 && text.text.contains("the driver file /etc/passwd was refused: it is not an ELF file"))
        let json = Verify.run("/etc/passwd", ["--json"])
        #expect(json.status == 2 && json.text.contains("{\"error\": \"the driver file /etc/passwd was refused: it is not an ELF file\"}"))
    }

    @Test("a driver that crashes while it is loaded ends with 2 and says so")
    func bad() throws {
        let crash = try SeededDriver("log", bug: "CRASHES_AT_ENTRY").verify()
        #expect(crash.status == 2 && crash.text.contains("loading it killed the process (signal 11)"), "\(crash)")
    }

    @Test("arguments that make no sense end with 2", arguments: [["--what"], ["--only"], ["--option", "x"], ["--only", "log.nothing"]])
    func arguments(_ arguments: [String]) { #expect(Verify.run(Verify.driver("log-none"), arguments).status == 2) }

    @Test("the command line passes everything on, and the status back")
    func commandLine() throws {
        let list = Command.run([gantry, "driver", "verify", "--list", Verify.driver("log-none")])
        #expect(list.status == 0 && list.output.contains("log.tail: the last n lines") && !list.output.contains("storage."), "\(list.everything)")
        let one = Command.run([gantry, "driver", "verify", "--only", "log.tail", "--only", "driver.describes-itself", Verify.driver("log-json-file")])
        #expect(one.status == 0 && one.output.contains("2 passed, 0 failed, 0 skipped"), "\(one.everything)")
        let seeded = try SeededDriver("log", bug: "STDERR_AS_STDOUT")
        let failed = withExtendedLifetime(seeded) { Command.run([gantry, "driver", "verify", "--only=log.streams-are-kept", seeded.path]) }
        #expect(failed.status == 1, "\(failed.everything)")
        #expect(Command.run([gantry, "driver", "verify", "/etc/passwd"]).status == 2)
    }

    @Test("the report as JSON has every check with its result, demand and time")
    func json() throws {
        let seeded = try SeededDriver("log", bug: "STDERR_AS_STDOUT")
        let report = withExtendedLifetime(seeded) { Command.run(["\(Engine.bin)/gantry-driver-verify", "--json", "--only", "log", seeded.path]) }
        let program = """
            import json, sys
            r = json.load(sys.stdin)
            bad = [c for c in r['checks'] if c['result'] == 'failed']
            assert [c['name'] for c in bad] == ['log.streams-are-kept'], bad
            assert r['failed'] == 1 and r['skipped'] == 0 and r['passed'] == len(r['checks']) - 1 and r['passed'] > 15
            assert all(c['demand'] and c['milliseconds'] >= 0 for c in r['checks']) and 'was seen' in bad[0]['reason']
            assert r['driver']['kind'] == 'log' and r['driver']['name'] == 'seeded' and r['driver']['version'] == '1.0'
            """
        let read = Command.run(["python3", "-c", program], input: report.output)
        #expect(report.status == 1 && read.status == 0, "\(read.everything)\(report.everything)")
    }

    @Test("nothing is left of a run: no folder, no mount, no process")
    func clean() throws {
        let place = "/var/tmp/gantry-verify-test-\(getpid())"
        try Files.makeDirectory(place)
        defer { try? Files.removeTree(place) }
        let before = try Files.read("/proc/self/mountinfo")
        let report = Verify.run(Verify.driver("log-json-file"), ["--state", place])
        #expect(report.status == 0, "\(report)")
        #expect(try Files.list(place).isEmpty)
        #expect(try Files.read("/proc/self/mountinfo") == before)
    }
}
