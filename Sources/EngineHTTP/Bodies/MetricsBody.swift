import EngineCore
import EngineWire
import LinuxSystem

/// Docker's names where it has one for the thing, ours for the rest.
enum MetricsBody {
    static func make(_ metrics: EngineMetrics, _ information: SystemInformation, _ clients: [ClientTable.Client], _ requests: RequestCounts) -> String {
        var text = MetricsText()
        engine(&text, metrics, information)
        drivers(&text, metrics.drivers)
        own(&text, metrics, clients, requests)
        ProcessMetrics.add(to: &text)
        return text.text
    }

    private static func engine(_ text: inout MetricsText, _ metrics: EngineMetrics, _ information: SystemInformation) {
        let actions = "engine_daemon_container_actions_seconds"
        text.begin(actions, .histogram, "The number of seconds it takes to process each container action")
        for (action, times) in metrics.containerActions.sorted(by: { $0.key < $1.key }) {
            text.histogram(actions, [("action", action)], bounds: Histogram.bounds, counts: times.counts, sum: times.sum)
        }
        let states = "engine_daemon_container_states_containers"
        text.begin(states, .gauge, "The count of containers in various states")
        for (state, count) in [("paused", information.paused), ("running", information.running), ("stopped", information.stopped)] {
            text.sample(states, [("state", state)], Double(count))
        }
        text.single("engine_daemon_engine_cpus_cpus", .gauge, "The number of cpus that the host system of the engine has", Double(information.cpus))
        text.begin("engine_daemon_engine_info", .gauge, "The information related to the engine and the OS it is running on")
        text.sample(
            "engine_daemon_engine_info",
            [
                ("architecture", information.architecture), ("commit", ""), ("daemon_id", information.id), ("graphdriver", information.storageDriver),
                ("kernel", information.kernel), ("os", information.operatingSystem), ("os_type", "linux"), ("os_version", information.osVersion),
                ("version", HTTPServer.engineVersion),
            ], 1)
        text.single("engine_daemon_engine_memory_bytes", .gauge, "The number of bytes of memory that the host system of the engine has", Double(information.memory))
        text.single("engine_daemon_events_subscribers_total", .gauge, "The number of current subscribers to events", Double(metrics.eventListeners))
        text.single("engine_daemon_events_total", .counter, "The number of events logged", Double(metrics.events))
        // Dashboards ask for them; this engine runs no health checks yet.
        text.single("engine_daemon_health_checks_failed_total", .counter, "The total number of failed health checks", 0)
        text.single("engine_daemon_health_checks_total", .counter, "The total number of health checks", 0)
        text.single("engine_daemon_images_images", .gauge, "The number of images", Double(information.images))
    }

    private static func drivers(_ text: inout MetricsText, _ drivers: [EngineMetrics.Driver]) {
        func family(_ name: String, _ help: String, _ value: (EngineMetrics.Driver) -> Double) {
            text.begin(name, .counter, help)
            for driver in drivers { text.sample(name, [("kind", driver.kind), ("driver", driver.name)], value(driver)) }
        }
        family("gantry_driver_calls_total", "Calls of the driver") { Double($0.calls) }
        family("gantry_driver_errors_total", "Calls of the driver that failed") { Double($0.errors) }
        family("gantry_driver_restarts_total", "Processes of the driver that were started in place of one that ended") { Double($0.restarts) }
        family("gantry_driver_seconds_total", "Seconds in the driver, all calls together") { $0.seconds }
    }

    private static func own(_ text: inout MetricsText, _ metrics: EngineMetrics, _ clients: [ClientTable.Client], _ requests: RequestCounts) {
        text.single("gantry_lane_busy", .gauge, "Objects on which a step runs", Double(metrics.lanesBusy))
        text.single("gantry_lane_waiting", .gauge, "Steps that wait for another one on the same object", Double(metrics.lanesWaiting))
        text.single("gantry_store_waiting", .gauge, "Writes that wait for the state store", Double(metrics.storeWaiting))
        text.single("gantry_blocking_threads", .gauge, "Threads for calls that block", Double(metrics.blockingThreads))
        text.single("gantry_blocking_waiting", .gauge, "Calls that wait for such a thread", Double(metrics.blockingQueued))
        text.single("gantry_http_connections", .gauge, "Open connections of clients", Double(clients.count))
        text.single("gantry_http_requests_open", .gauge, "Requests under way", Double(clients.count { $0.request != nil }))
        let name = "gantry_http_requests_total"
        text.begin(name, .counter, "Answered requests")
        for (key, count) in requests.all {
            text.sample(name, [("method", key.method), ("route", key.route), ("code", "\(key.status)")], Double(count))
        }
    }
}
