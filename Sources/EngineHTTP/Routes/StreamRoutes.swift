import EngineCore
import EngineErrors
import EngineWire
import LinuxSystem
import NIOHTTP1

/// Attach and logs.
struct StreamRoutes {
    private let containers: any ContainerService

    init(_ services: EngineServices) { containers = services.containers }

    func add(to router: inout Router) {
        router.add(.POST, "/containers/{id}/attach", attach)
        router.add(.GET, "/containers/{id}/logs", logs)
    }

    @Sendable private func attach(_ request: Request, _ id: Router.Parameters) async throws -> Response {
        let query = request.query
        let streams = AttachRequest(
            stdin: query.flag("stdin"), stdout: query.flag("stdout"), stderr: query.flag("stderr"), logs: query.flag("logs"), stream: query.flag("stream"))
        return .attached(try await containers.attach(id[0], streams), request)
    }

    @Sendable private func logs(_ request: Request, _ id: Router.Parameters) async throws -> Response {
        let query = request.query
        guard query.flag("stdout") || query.flag("stderr") else {
            throw EngineError(.invalidArgument, "Bad parameters: you must choose at least one stream")
        }
        let tail = query["tail"] ?? "all"
        let wanted = LogRequest(
            stdout: query.flag("stdout"), stderr: query.flag("stderr"), follow: query.flag("follow"), since: try TimeParameter.parse(query["since"], "since"),
            until: try TimeParameter.parse(query["until"], "until"), tail: tail == "all" || tail.isEmpty ? nil : Int(tail).flatMap { $0 < 0 ? nil : $0 })
        let stream = try await containers.logs(id[0], wanted)
        let stamps = query.flag("timestamps")
        let type = stream.isTerminal || request.version < APIVersion.multiplexed ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream"
        return .stream(status: .ok, headers: ["Content-Type": type], isEndless: wanted.follow) { writer in
            do {
                while let records = try await stream.next() { try await writer.write(Self.encode(records, stamps: stamps, raw: stream.isTerminal)) }
                await stream.close()
            } catch let error as EngineError {
                // The head is out: as Docker does, the reader is told in the stream.
                await stream.close()
                let line = Array("Error grabbing logs: \(error.message)\n".utf8)
                try await writer.write(stream.isTerminal ? line : Frame.encode(2, line))
            } catch {
                await stream.close()
                throw error
            }
        }
    }

    private static func encode(_ records: [LogRecord], stamps: Bool, raw: Bool) -> [UInt8] {
        var out: [UInt8] = []
        for record in records {
            var line = stamps ? Array("\(Timestamp.formatFixed(record.time)) ".utf8) : []
            line += record.bytes
            if !record.isPartial { line.append(0x0a) }
            if raw { out += line } else { out += Frame.encode(record.isStderr ? 2 : 1, line) }
        }
        return out
    }
}

extension APIVersion {
    /// From here on the content type says whether a stream is in frames.
    static let multiplexed = APIVersion(major: 1, minor: 42)
}

extension Response {
    static func attached(_ stream: consuming AttachedStream, _ request: Request) -> Response {
        let type = !stream.isTerminal && request.version >= APIVersion.multiplexed ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream"
        return .hijack(Hijack(socket: stream.takeSocket(), contentType: type))
    }
}

/// Seconds since 1970 with a fraction ("1700000000.5"), or an RFC 3339 time, as ns.
enum TimeParameter {
    static func parse(_ text: String?, _ name: String) throws(EngineError) -> Int64 {
        guard let text, !text.isEmpty, text != "0" else { return 0 }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        // As ns, more do not fit.
        if let seconds = Int64(parts[0]), (-9_000_000_000...9_000_000_000).contains(seconds) {
            let digits = parts.count > 1 ? String(parts[1].prefix(9)) : ""
            guard let fraction = UInt32(digits + String(repeating: "0", count: 9 - digits.count)) else { throw invalid(text, name) }
            return seconds * 1_000_000_000 + Int64(fraction)
        }
        guard let time = Timestamp.parse(text) else { throw invalid(text, name) }
        return time
    }

    private static func invalid(_ text: String, _ name: String) -> EngineError {
        EngineError(.invalidArgument, "invalid value for \"\(name)\": failed to parse \"\(text)\" as a time")
    }
}
