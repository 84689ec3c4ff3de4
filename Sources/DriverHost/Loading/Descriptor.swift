import CDriverABI
import DriverKit
import EngineErrors

/// Reads what a driver's entry point returned, and doubts all of it.
struct Descriptor {
    private let path: String
    private let raw: UnsafePointer<gantry_driver>

    init(_ path: String, _ raw: UnsafePointer<gantry_driver>) {
        self.path = path
        self.raw = raw
    }

    func driver() throws(EngineError) -> LoadedDriver {
        let bytes = UnsafeRawPointer(raw)
        let version = bytes.load(fromByteOffset: 4, as: UInt32.self)
        guard version >> 16 == GANTRY_ABI_MAJOR else {
            throw refusal(.unsupported, "it speaks driver contract \(version >> 16).\(version & 0xffff), this engine speaks \(GANTRY_ABI_MAJOR).x")
        }
        let size = bytes.load(as: UInt32.self)
        guard size >= Self.firstSize else { throw malformed("gantry_driver.size is \(size), at least \(Self.firstSize) are needed") }
        let driver = readSized(bytes, over: gantry_driver())
        guard let kind = DriverKind(rawValue: driver.kind) else { throw malformed("its kind is \(driver.kind), which this engine does not know") }
        let name = try text(driver.name, "name", limit: 64), number = try text(driver.version, "version", limit: 64)
        try checkName(kind, name)
        guard Self.isVersion(number) else {
            throw malformed("its version is \"\(number)\"; it must begin with a letter or a digit, and only letters, digits, _, ., +, ~ and - are allowed")
        }
        guard let table = driver.vtable else { throw malformed("its vtable is NULL") }
        try RequiredFunctions.check(kind, table) { missing throws(EngineError) in
            throw refusal(.unsupported, "the \(kind) driver \(name) lacks the required function \"\(missing)\"")
        }
        let description = DriverDescription(
            kind: kind, name: name, version: number, summary: driver.summary.string,
            capabilities: DriverCapabilities(rawValue: table.load(fromByteOffset: 4, as: UInt32.self)), path: path,
            options: try options(driver.options, driver.option_count, "options"),
            objectOptions: try options(driver.object_options, driver.object_option_count, "object_options"))
        return LoadedDriver(description: description, factory: driver.factory, table: table)
    }

    /// Size of `gantry_driver` in version 1.0.
    private static let firstSize = UInt32(MemoryLayout<gantry_driver>.offset(of: \.object_option_count)! + MemoryLayout<Int>.size)

    /// The file's name tells people and `discover` what is in it, so it must be true.
    private func checkName(_ kind: DriverKind, _ name: String) throws(EngineError) {
        let file = String(path.split(separator: "/").last ?? ""), expected = "lib\(kind)-\(name).so"
        guard name.utf8.allSatisfy(Self.isNameByte) else { throw malformed("its name is \"\(name)\"; only a-z, 0-9, _, . and - are allowed") }
        if file != expected { throw refusal(.invalidArgument, "it holds the \(kind) driver \(name), so the file must be called \(expected)") }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
    }

    /// It is the name of a folder.
    private static func isVersion(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = text.utf8.first, isAlphanumeric(first), !text.hasSuffix(".tmp") else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "_.+~-".utf8.contains($0) }
    }

    private func text(_ bytes: gantry_bytes, _ what: String, limit: Int) throws(EngineError) -> String {
        guard bytes.ptr != nil, (1...limit).contains(bytes.len) else { throw malformed("its \(what) has \(bytes.len) bytes, 1 to \(limit) are allowed") }
        return bytes.string
    }

    private func options(_ start: UnsafePointer<gantry_option>?, _ count: Int, _ what: String) throws(EngineError) -> [DriverOption] {
        guard count <= 256, start != nil || count == 0 else { throw malformed("it says it has \(count) \(what)") }
        return array(start, count) { DriverOption($0) }.compactMap { $0 }
    }

    private func malformed(_ why: String) -> EngineError { refusal(.unsupported, "its description is malformed: \(why)") }

    private func refusal(_ code: EngineError.Code, _ why: String) -> EngineError { Loader.refusal(path, code, why) }
}

/// The functions that a driver of each kind must have: within its author's `size`, and not NULL.
private enum RequiredFunctions {
    static func check(_ kind: DriverKind, _ table: UnsafeRawPointer, _ missing: (String) throws(EngineError) -> Void) throws(EngineError) {
        for (name, exists) in functions(kind, table) where !exists { try missing(name) }
    }

    private static func functions(_ kind: DriverKind, _ table: UnsafeRawPointer) -> [(String, Bool)] {
        switch kind {
        case .storage:
            let table = readSized(table, over: gantry_storage_vtable())
            return [
                ("open", table.open != nil), ("close", table.close != nil), ("prepare", table.prepare != nil), ("view", table.view != nil),
                ("mounts", table.mounts != nil), ("commit", table.commit != nil), ("remove", table.remove != nil),
                ("usage", table.usage != nil), ("walk", table.walk != nil),
            ]
        case .network:
            let table = readSized(table, over: gantry_network_vtable())
            return [
                ("open", table.open != nil), ("close", table.close != nil), ("create_network", table.create_network != nil),
                ("remove_network", table.remove_network != nil), ("join", table.join != nil), ("leave", table.leave != nil),
                ("walk", table.walk != nil),
            ]
        case .log:
            let table = readSized(table, over: gantry_log_vtable())
            let reads = table.caps & GANTRY_CAP_READ != 0
            return [
                ("open", table.open != nil), ("close", table.close != nil), ("write", table.write != nil),
                ("read", table.read != nil || !reads),
            ]
        case .volume:
            let table = readSized(table, over: gantry_volume_vtable())
            return [
                ("open", table.open != nil), ("close", table.close != nil), ("create", table.create != nil), ("remove", table.remove != nil),
                ("mount", table.mount != nil), ("unmount", table.unmount != nil), ("walk", table.walk != nil),
            ]
        }
    }
}
