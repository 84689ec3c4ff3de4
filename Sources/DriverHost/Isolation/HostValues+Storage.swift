import DriverKit

extension Mount: HostValue {
    func put(in message: inout MessageWriter) {
        for text in [type, source, target, options, base] { message.put(text) }
        message.put(flags)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(
            type: try message.get(), source: try message.get(), target: try message.get(), options: try message.get(), base: try message.get(),
            flags: try message.get())
    }
}

extension Snapshot: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(key)
        message.put(parent)
        message.raw(state.rawValue)
        message.put(created)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(key: try message.get(), parent: try message.get(), state: try State(raw: &message), created: try message.get())
    }
}

extension Usage: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(bytes)
        message.put(inodes)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) { self.init(bytes: try message.get(), inodes: try message.get()) }
}

extension Volume: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(name)
        message.put(mountpoint)
        message.put(created)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(name: try message.get(), mountpoint: try message.get(), created: try message.get())
    }
}
