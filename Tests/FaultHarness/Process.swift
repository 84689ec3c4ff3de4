import EngineClient
import EngineWire

/// A program run to its end in a running container.
struct Process {
    var status: Int
    var output: String

    init(_ engine: Engine, container: String, _ arguments: [String]) throws(EngineFailure) {
        let body: JSONValue = ["AttachStdout": true, "AttachStderr": true, "Cmd": JSONValue(arguments)]
        let id = try engine.post("/containers/\(container)/exec", [], body)["Id"].string
        let stream = try engine.hijack("/exec/\(id)/start", [], ["Detach": false, "Tty": false])
        var decoder = FrameDecoder(), bytes: [UInt8] = []
        while true {
            let more = try stream.read()
            if more.isEmpty { break }
            decoder.feed(more)
            while let frame = decoder.next() { bytes += frame.bytes }
        }
        output = String(decoding: bytes, as: UTF8.self)
        let end = try engine.get("/exec/\(id)/json")
        status = end["ExitCode"].isNull ? -1 : Int(end["ExitCode"].integer)
    }
}
