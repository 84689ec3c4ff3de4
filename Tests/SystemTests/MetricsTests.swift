import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("metrics", .enabled(if: Shared.isRoot), .serialized)
struct MetricsTests {
    @Test("every line is Prometheus', Docker's names mean what they mean there, and the address of its own serves nothing else")
    func metrics() throws {
        let engine = Engine(number: 49, arguments: ["--metrics-addr", "127.0.0.1:19323"])
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("run", "-d", "--name", "one", "busybox", "sleep", "1000")
        engine.gantry("run", "-d", "--name", "two", "busybox", "sleep", "1000")
        engine.gantry("pause", "two")
        engine.gantry("create", "--name", "three", "busybox")
        engine.gantry("run", "--rm", "busybox", "true")
        engine.gantry("inspect", "no\"such")
        let answer = Command.run(["curl", "-s", "-D", "-", "http://127.0.0.1:19323/metrics"])
        #expect(answer.output.hasPrefix("HTTP/1.1 200 OK") && answer.output.lowercased().contains("content-type: text/plain; version=0.0.4"))
        let body = answer.output.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? ""
        let metrics = try Exposition(body), samples = metrics.samples
        for (state, count) in ["running": 1.0, "paused": 1, "stopped": 1] {
            #expect(samples["engine_daemon_container_states_containers{state=\"\(state)\"}"] == count, "\(state)")
        }
        #expect(samples["engine_daemon_container_actions_seconds_count{action=\"start\"}"] == 3)
        #expect(samples["engine_daemon_container_actions_seconds_count{action=\"create\"}"] == 4)
        #expect(samples["engine_daemon_container_actions_seconds_count{action=\"delete\"}"] == 1)
        #expect((samples["engine_daemon_events_total"] ?? 0) > 10)
        #expect(samples.keys.contains { $0.hasPrefix("engine_daemon_engine_info{") && $0.contains("graphdriver=\"\(engine.storage)\"") })
        #expect((samples["gantry_driver_calls_total{kind=\"storage\",driver=\"\(engine.storage)\"}"] ?? 0) >= 4)
        #expect(samples["gantry_driver_errors_total{kind=\"storage\",driver=\"\(engine.storage)\"}"] == 0)
        #expect(samples["gantry_http_requests_total{method=\"POST\",route=\"/containers/{id}/pause\",code=\"204\"}"] == 1)
        #expect((samples["gantry_http_requests_total{method=\"GET\",route=\"/containers/{id}/json\",code=\"404\"}"] ?? 0) >= 1)
        #expect((samples["process_resident_memory_bytes"] ?? 0) > 5e6 && (samples["process_open_fds"] ?? 0) > 10 && (samples["process_threads"] ?? 0) > 3)
        #expect(abs((samples["process_start_time_seconds"] ?? 0) - Double(time(nil))) < 300)
        #expect(samples["gantry_lane_waiting"] == 0 && samples["engine_daemon_health_checks_total"] == 0)

        let same = Command.run(["curl", "-s", "--unix-socket", "\(engine.root)/gantry.sock", "http://gantry/metrics"])
        #expect(try Set(Exposition(same.output).kinds.keys) == Set(metrics.kinds.keys), "the API has them too")
        #expect(Command.run(["curl", "-s", "http://127.0.0.1:19323/containers/json"]).output == "{\"message\":\"page not found\"}\n")
        #expect(Command.run(["curl", "-s", "http://127.0.0.1:19323/gantry/system/dump"]).output == "{\"message\":\"page not found\"}\n")
    }
}
