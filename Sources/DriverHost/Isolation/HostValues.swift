import DriverKit

extension String: HostValue {
    func put(in message: inout MessageWriter) {
        var copy = self
        copy.withUTF8 { message.raw(UnsafeRawBufferPointer($0)) }
    }
    init(from message: inout MessageReader) throws(BrokenMessage) { self.init(decoding: try message.slice(), as: UTF8.self) }
}

extension Int64: HostValue {
    func put(in message: inout MessageWriter) { message.raw(self) }
    init(from message: inout MessageReader) throws(BrokenMessage) { self = try message.raw() }
}

extension UInt64: HostValue {
    func put(in message: inout MessageWriter) { message.raw(self) }
    init(from message: inout MessageReader) throws(BrokenMessage) { self = try message.raw() }
}

extension Bool: HostValue {
    func put(in message: inout MessageWriter) { message.raw(UInt8(self ? 1 : 0)) }
    init(from message: inout MessageReader) throws(BrokenMessage) { self = try message.raw(UInt8.self) != 0 }
}

extension Array: HostValue where Element: HostValue {
    func put(in message: inout MessageWriter) {
        message.raw(UInt64(count))
        for element in self { element.put(in: &message) }
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self = []
        for _ in 0..<(try message.raw(UInt64.self)) { append(try message.get()) }
    }
}

extension Dictionary: HostValue where Key == String, Value == String {
    func put(in message: inout MessageWriter) {
        message.raw(UInt64(count))
        for (key, value) in self {
            message.put(key)
            message.put(value)
        }
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self = [:]
        for _ in 0..<(try message.raw(UInt64.self)) {
            let key: String = try message.get()
            self[key] = try message.get()
        }
    }
}

extension RawRepresentable where RawValue == UInt32 {
    init(raw message: inout MessageReader) throws(BrokenMessage) {
        guard let value = Self(rawValue: try message.raw()) else { throw BrokenMessage() }
        self = value
    }
}

extension DriverError: HostValue {
    func put(in message: inout MessageWriter) {
        message.raw(code)
        message.put(self.message)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) { self.init(try message.raw(), try message.get()) }
}

extension DriverOption: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(name)
        message.raw(kind.rawValue)
        message.put(defaultValue)
        message.put(summary)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(try message.get(), try Kind(raw: &message), default: try message.get(), try message.get())
    }
}

extension DriverDescription: HostValue {
    func put(in message: inout MessageWriter) {
        message.raw(kind.rawValue)
        for text in [name, version, summary, path] { message.put(text) }
        message.raw(capabilities.rawValue)
        message.put(options)
        message.put(objectOptions)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        let kind = try DriverKind(raw: &message)
        let name: String = try message.get(), version: String = try message.get(), summary: String = try message.get(), path: String = try message.get()
        self.init(
            kind: kind, name: name, version: version, summary: summary, capabilities: DriverCapabilities(rawValue: try message.raw()), path: path,
            options: try message.get(), objectOptions: try message.get())
    }
}

extension OpenContext: HostValue {
    func put(in message: inout MessageWriter) {
        for text in [name, stateDirectory, mark] { message.put(text) }
        message.put(options)
        message.put(labels)
        message.put(readOnly)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(
            name: try message.get(), stateDirectory: try message.get(), mark: try message.get(), options: try message.get(), labels: try message.get(),
            readOnly: try message.get())
    }
}
