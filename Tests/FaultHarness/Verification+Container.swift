import EngineClient
import EngineWire
import Glibc

extension Verification {
    /// One container that is there.
    mutating func check(_ container: Model.Container, id: String) throws(EngineFailure) {
        let number = container.number, prefix = "container/\(number)/", settings = container.settings
        guard let found = try optional("/containers/\(id)/json") else { return violations.demand(false, "container \(number) is listed and can't be inspected") }
        func same(_ what: String, _ value: String, _ possible: Set<String?>) {
            violations.demand(possible.contains(value), "container \(number) has the \(what) \(value), where \(Violations.words(possible)) must be")
        }
        same("id", id, [container.id ?? id])
        same("name", String(found["Name"].string.dropFirst()), model[prefix + "name"])
        same("image", found["Config"]["Image"].string, [settings["image"]])
        same("label torture.note", found["Config"]["Labels"]["torture.note"].string, [settings["note"]])
        same("network", found["HostConfig"]["NetworkMode"].string, [settings["network"]])
        same("log driver", found["HostConfig"]["LogConfig"]["Type"].string, model[prefix + "log"])
        if let driver = settings["storage"], !driver.isEmpty { same("storage driver", found["Driver"].string, model[prefix + "storage"]) }
        violations.demand(try optional("/images/\(found["Image"].string)/json") != nil, "the image \(found["Image"].string) of container \(number) is missing")
        let state = try settled(id, found["State"])
        checkState(container, state)
        try checkLog(container, id: id, state)
        if settings["volume"] == nil, state["Status"].string == "running" {
            // It may end by itself meanwhile.
            guard let listing = try? Process(engine, container: id, ContainerProgram.list), listing.status == 0 else { return }
            checkFiles(prefix + "file/", "container \(number)", Self.files(listing.output))
        }
    }

    /// A restart that a fault cut short goes on by itself, some moments after the daemon's start.
    private func settled(_ id: String, _ state: JSONValue) throws(EngineFailure) -> JSONValue {
        var state = state
        for _ in 0..<500 where state["Status"].string == "restarting" {
            usleep(20_000)
            state = try optional("/containers/\(id)/json")?["State"] ?? state
        }
        return state
    }

    private mutating func checkState(_ container: Model.Container, _ state: JSONValue) {
        let number = container.number, status = state["Status"].string, code = Int(container.settings["code"] ?? "") ?? 0
        var possible = model["container/\(number)/state"]
        let mayEnd = container.isBrief || container.wasStruck || leniency.contains(.ends)
        if mayEnd, !possible.isDisjoint(with: ["running", "paused"]) { possible.insert("exited") }
        violations.demand(possible.contains(status), "container \(number) is \(status), where \(Violations.words(possible)) must be: \(state.text)")
        guard status == "exited" else { return }
        let exit = Int(state["ExitCode"].integer)
        // A start that failed says so.
        let known = [code, code + 100, 137] + (container.wasCut || container.wasStruck || leniency.contains(.ends) ? [255] : []) + (state["Error"].string.isEmpty ? [] : [126, 127, 128])
        violations.demand(known.contains(exit), "container \(number) exited with \(exit), where one of \(known) must be: \(state.text)")
    }

    /// Lines count up from 1, from each start anew, and none is missing.
    private mutating func checkLog(_ container: Model.Container, id: String, _ state: JSONValue) throws(EngineFailure) {
        let number = container.number
        let bytes: [UInt8]
        do throws(EngineFailure) { bytes = try engine.send(Call("GET", "/containers/\(id)/logs", [("stdout", "1"), ("stderr", "1")])).bytes() } catch {
            if error.status == nil { throw error }
            return violations.demand(false, "the log of container \(number) can't be read: \(error)")
        }
        if leniency.contains(.logs) { return }
        var last = 0, runs = 0
        for line in Self.lines(bytes) {
            guard let value = Int(line), value == last + 1 || value == 1 else {
                return violations.demand(false, "the log of container \(number) has \"\(line.prefix(80))\" behind line \(last) of run \(runs)")
            }
            if value == 1 { runs += 1 }
            last = value
        }
        violations.demand(runs <= container.starts, "the log of container \(number) has \(runs) runs of \(container.starts) starts")
        let isWhole = container.isBrief && !container.wasCut && !container.wasStruck && state["Status"].string == "exited" && "\(state["ExitCode"].integer)" == container.settings["code"]
        if isWhole { violations.demand("\(last)" == container.settings["lines"], "the log of container \(number) ends at line \(last) of \(container.settings["lines"] ?? "")") }
    }

    static func lines(_ bytes: [UInt8]) -> [Substring] {
        var decoder = FrameDecoder(), text: [UInt8] = []
        decoder.feed(bytes)
        while let frame = decoder.next() { text += frame.bytes }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }

    /// Lines "name value".
    static func files(_ listing: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in listing.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            found[String(words[0])] = words.count > 1 ? String(words[1]) : ""
        }
        return found
    }
}
