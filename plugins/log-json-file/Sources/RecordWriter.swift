import DriverKit
import LogKit

/// `{"log":"text\n","stream":"stdout","attrs":{…},"time":"…"}` and a newline, for each line.
final class RecordWriter {
    private let attributes: [UInt8]
    private var time = TimestampWriter()
    let buffer = ByteBuffer(capacity: 64 * 1024)

    /// - Parameter attributes: `"attrs":{…},` or empty.
    init(attributes: [UInt8]) { self.attributes = attributes }

    func append(_ line: LogLine) {
        let bytes = line.bytes.bindMemory(to: UInt8.self)
        buffer.reserve(bytes.count * JSONText.expansion + attributes.count + 64 + TimestampWriter.longest)
        buffer.append("{\"log\":\"")
        JSONText.append(bytes, to: buffer)
        if line.isPartial { buffer.append("\",\"stream\":\"") } else { buffer.append("\\n\",\"stream\":\"") }
        if line.isStderr { buffer.append("stderr\",") } else { buffer.append("stdout\",") }
        attributes.withUnsafeBufferPointer { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
        buffer.append("\"time\":\"")
        time.append(line.time, to: buffer)
        buffer.append("\"}\n")
    }
}
