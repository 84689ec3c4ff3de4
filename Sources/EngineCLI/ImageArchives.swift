import EngineClient
import EngineWire
import Glibc

extension Command {
    static let imageImport = Command(
        names: ["import", "image import"], usage: "[OPTIONS] file|- [REPOSITORY[:TAG]]", summary: "Import the contents from a tarball to create a filesystem image",
        flags: [
            Flag("change", "c", .list, "Apply Dockerfile instruction to the created image"), Flag("message", "m", .text, "Set commit message for imported image"),
            Flag("platform", nil, .text, "Set platform if server is multi-platform capable"),
        ], words: 1...2
    ) { call in
        if call.words[0].hasPrefix("http://") || call.words[0].hasPrefix("https://") { throw Refusal("this engine can't fetch \(call.words[0]): give a file or -") }
        var query = [("fromSrc", "-")]
        if call.words.count > 1 {
            let name = call.words[1], slash = name.lastIndex(of: "/") ?? name.startIndex
            let colon = name[slash...].lastIndex(of: ":") ?? name.endIndex
            query += [("repo", String(name[..<colon])), ("tag", String(name[colon...].dropFirst()))]
        }
        query += call.flags.list("change").map { ("changes", $0) }
        if call.flags.isSet("message") { query.append(("message", call.flags["message"])) }
        if call.flags.isSet("platform") { query.append(("platform", call.flags["platform"])) }
        var lines = JSONLines(try call.engine.send(Call("POST", "/images/create", query, body: try FileBody.of(call.words[0]))))
        while let line = try lines.next() {
            if !line["error"].isNull { throw Refusal(line["error"].string) }
            Output.line(line["status"].string)
        }
        return 0
    }

    static let imageLoad = Command(
        names: ["load", "image load"], usage: "[OPTIONS]", summary: "Load an image from a tar archive or STDIN",
        flags: [Flag("input", "i", .text, "Read from tar archive file, instead of STDIN"), Flag("quiet", "q", .bool, "Suppress the load output")], words: 0...0
    ) { call in
        let file = call.flags["input"]
        if file.isEmpty && Terminal.isTerminal(STDIN_FILENO) { throw Refusal("requested load from stdin, but stdin is empty") }
        var lines = JSONLines(try call.engine.send(Call("POST", "/images/load", [("quiet", "1")], body: try FileBody.of(file.isEmpty ? "-" : file))))
        while let line = try lines.next() {
            if !line["error"].isNull { throw Refusal(line["error"].string) }
            Output.write(line["stream"].string.utf8)
        }
        return 0
    }

    static let imageSave = Command(
        names: ["save", "image save"], usage: "[OPTIONS] IMAGE [IMAGE...]", summary: "Save one or more images to a tar archive (streamed to STDOUT by default)",
        flags: [Flag("output", "o", .text, "Write to a file, instead of STDOUT")], words: 1...Int.max
    ) { call in
        let file = call.flags["output"]
        if file.isEmpty && Terminal.isTerminal(STDOUT_FILENO) { throw Refusal("cowardly refusing to save to a terminal. Use the -o flag or redirect") }
        let answer = try call.engine.send(Call("GET", "/images/get", call.words.map { ("names", $0) }))
        guard !file.isEmpty else {
            while let bytes = try answer.read() { Output.write(bytes) }
            return 0
        }
        // Written aside: a broken save leaves no half archive under the name.
        let aside = "\(file).\(getpid()).part"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("open \(file): \(TextFile.reason())") }
        defer { unlink(aside) }
        while let bytes = try answer.read() {
            guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else { throw Refusal("write \(file): \(TextFile.reason())") }
        }
        guard close(descriptor) == 0, rename(aside, file) == 0 else { throw Refusal("write \(file): \(TextFile.reason())") }
        return 0
    }
}

/// A file, or stdin for "-", as a request's body.
enum FileBody {
    static func of(_ path: String) throws(Refusal) -> Call.Body {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Refusal("open \(path): \(TextFile.reason())") }
        return .stream {
            let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 18) { room, count in
                var got = 0
                repeat { got = read(descriptor, room.baseAddress, 1 << 18) } while got < 0 && errno == EINTR
                count = max(0, got)
            }
            return bytes.isEmpty ? nil : bytes
        }
    }
}
