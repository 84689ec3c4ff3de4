public import EngineCore
import EngineWire
import Glibc

/// What the engine does now. Ages and times left are ns.
public enum DumpBody {
    /// For people.
    public static func text(_ dump: SystemDump, _ clients: ClientTable) -> String { DumpText.render(make(dump, clients)) }

    static func make(_ dump: SystemDump, _ clients: ClientTable) -> JSONValue {
        let all = clients.all, now = dump.now
        return [
            "Time": .string(Timestamp.format(Clock.now())), "Pid": .integer(Int64(getpid())),
            "Lanes": .array(dump.lanes.map { lane($0, now) }),
            "StateStore": [
                "Write": .string(dump.write?.what ?? ""), "Age": .integer(dump.write.map { now - $0.since } ?? 0), "Queue": works(dump.writes, "Write", now),
            ],
            "BlockingThreads": [
                "Threads": .integer(Int64(dump.threads.count)), "Idle": .integer(Int64(dump.threads.idle)), "Limit": .integer(Int64(dump.threads.limit)),
                "Hung": .integer(Int64(dump.threads.hung)), "Queued": .integer(Int64(dump.threads.queued)), "Calls": works(dump.threads.calls, "Caller", now),
            ],
            "Drivers": .array(dump.drivers.map { driver($0, now) }),
            "Shims": .array(dump.shims.map { shim($0, now) }),
            "EventListeners": .integer(Int64(dump.eventListeners)),
            "Connections": ["Open": .integer(Int64(all.count)), "Idle": .integer(Int64(all.count { $0.request == nil }))],
            "Requests": .array(requests(all, now)),
        ]
    }

    private static func works(_ works: [SystemDump.Work], _ name: String, _ now: Int64) -> JSONValue {
        .array(works.map { .object([.init(key: name, value: .string($0.what)), .init(key: "Age", value: .integer(now - $0.since))]) })
    }

    private static func lane(_ lane: LaneStatus, _ now: Int64) -> JSONValue {
        var body: JSONValue = [
            "Subject": .string(lane.subject), "Step": .string(lane.running.name), "Age": .integer(now - lane.running.since),
            "WaitsFor": .string(lane.reason?.text ?? ""), "WaitAge": .integer(lane.reason.map { now - $0.since } ?? 0),
        ]
        if let until = lane.reason?.until { body["Left"] = .integer(max(0, until - now)) }
        body["Queue"] = .array(lane.waiting.map { ["Step": .string($0.name), "Age": .integer(now - $0.since)] })
        return body
    }

    private static func driver(_ driver: SystemDump.Driver, _ now: Int64) -> JSONValue {
        [
            "Driver": .string(driver.name), "Calls": works(driver.running, "Call", now), "Queue": works(driver.waiting, "Call", now),
            "Hanging": .integer(Int64(driver.hanging)), "Held": .bool(driver.isHeld), "WaitingForUpgrade": .integer(Int64(driver.waitingForUpgrade)),
        ]
    }

    private static func shim(_ shim: SystemDump.Shim, _ now: Int64) -> JSONValue {
        [
            "Container": .string(shim.container), "Pid": .integer(Int64(shim.pid)), "State": .string(shim.state),
            "LastHeard": .integer(now - shim.lastHeard), "Requests": works(shim.requests, "Request", now),
        ]
    }

    private static func requests(_ clients: [ClientTable.Client], _ now: Int64) -> [JSONValue] {
        let open = clients.compactMap { client in client.request.map { (client.peer, $0) } }.sorted { $0.1.begin < $1.1.begin }
        return open.map { peer, request in
            [
                "Method": .string(request.method), "Path": .string(request.target), "Age": .integer(now - request.begin),
                "State": .string(request.phase.rawValue), "Peer": .string(peer),
            ]
        }
    }
}
