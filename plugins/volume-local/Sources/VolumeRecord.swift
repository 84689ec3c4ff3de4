import DriverKit

/// What is kept of a volume, as lines of text: `created <ns>`, `type <text>`, `device <text>`, `o <text>`.
struct VolumeRecord {
    /// ns since 1970.
    var created: Int64
    var options: LocalOptions

    init(created: Int64, options: LocalOptions) {
        self.created = created
        self.options = options
    }

    private static let header = "gantry local volume 1"

    /// Values hold no control characters: `LocalOptions` refuses them.
    var bytes: [UInt8] {
        var text = "\(Self.header)\ncreated \(created)\n"
        for (name, value) in [("type", options.type), ("device", options.device), ("o", options.list)] where !value.isEmpty {
            text += "\(name) \(value)\n"
        }
        return Array(text.utf8)
    }

    /// nil: damaged, or of a later version.
    init?(_ bytes: [UInt8]) {
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").makeIterator()
        guard lines.next() == Self.header[...] else { return nil }
        var created: Int64?
        options = LocalOptions()
        while let line = lines.next() {
            guard let space = line.firstIndex(of: " ") else { return nil }
            let value = String(line[line.index(after: space)...])
            switch line[..<space] {
            case "created": created = Int64(value)
            case "type": options.type = value
            case "device": options.device = value
            case "o": options.list = value
            default: return nil
            }
        }
        guard let created else { return nil }
        self.created = created
    }
}
