import EngineClient
import EngineWire
import Glibc

extension Command {
    static let containerLogs = Command(
        names: ["logs", "container logs"], usage: "[OPTIONS] CONTAINER", summary: "Fetch the logs of a container",
        flags: [
            Flag("details", nil, .bool, "Show extra details provided to logs"), Flag("follow", "f", .bool, "Follow log output"),
            Flag("since", nil, .text, "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"),
            Flag("tail", "n", .text, "Number of lines to show from the end of the logs", standard: "\"all\""), Flag("timestamps", "t", .bool, "Show timestamps"),
            Flag("until", nil, .text, "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"),
        ], words: 1...1
    ) { call in
        let flags = call.flags, path = "/containers/\(Call.escape(call.words[0]))"
        let isTerminal = try call.engine.get("\(path)/json")["Config"]["Tty"].bool
        var query = [("stdout", "1"), ("stderr", "1"), ("tail", flags.optional("tail") ?? "all")]
        if flags.bool("follow") { query.append(("follow", "1")) }
        if flags.bool("timestamps") { query.append(("timestamps", "1")) }
        for name in ["since", "until"] where flags.isSet(name) { query.append((name, Clock.parameter(flags[name]))) }
        let answer = try call.engine.send(Call("GET", "\(path)/logs", query))
        var decoder = FrameDecoder()
        while let bytes = try answer.read() {
            if isTerminal {
                Output.write(bytes)
                continue
            }
            decoder.feed(bytes)
            while let frame = decoder.next() { Output.write(frame.bytes, to: frame.stream == 2 ? STDERR_FILENO : STDOUT_FILENO) }
        }
        return 0
    }
}
