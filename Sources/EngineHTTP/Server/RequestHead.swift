import NIOHTTP1

/// A request that is not HTTP, or more than this server takes. The connection can't be read any further.
struct MalformedRequest: Error, Equatable {
    var status: HTTPResponseStatus
    var message: String

    init(_ message: String, status: HTTPResponseStatus = .badRequest) {
        self.status = status
        self.message = message
    }
}

/// A request line and its header fields.
struct RequestHead: Sendable, Equatable {
    var method: HTTPMethod
    var target: String
    /// 0 or 1, of HTTP/1.x.
    var minorVersion: Int
    var headers: HTTPHeaders

    /// The client wants to send another request on the connection.
    var keepsAlive: Bool {
        let options = headers[canonicalForm: "connection"].map { $0.lowercased() }
        return minorVersion == 1 ? !options.contains("close") : options.contains("keep-alive")
    }

    /// The client asks for the connection itself (RFC 9110, 7.8).
    var asksForUpgrade: Bool {
        headers.contains(name: "Upgrade") && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// The client waits for "100 Continue" before it sends the body (RFC 9110, 10.1.1).
    var expectsContinue: Bool { minorVersion == 1 && headers.first(name: "Expect")?.lowercased() == "100-continue" }
}

extension RequestHead {
    /// `block`: the lines up to the empty one, which is not part of it (RFC 9112, 2 to 5).
    init(parsing block: UnsafeRawBufferPointer) throws(MalformedRequest) {
        var rest = block[...]
        let line = try Self.line(&rest)
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(Self.isToken), !parts[1].isEmpty, parts[1].allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw MalformedRequest("the request line is malformed: it must be a method, a path and HTTP/1.1")
        }
        minorVersion = try Self.minorVersion(parts[2])
        method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self))
        target = String(decoding: parts[1], as: UTF8.self)
        headers = HTTPHeaders()
        while !rest.isEmpty {
            let (name, value) = try Self.field(Self.line(&rest))
            headers.add(name: name, value: value)
        }
    }

    private static func minorVersion(_ text: Slice<UnsafeRawBufferPointer>) throws(MalformedRequest) -> Int {
        if text.elementsEqual("HTTP/1.1".utf8) { return 1 }
        if text.elementsEqual("HTTP/1.0".utf8) { return 0 }
        throw MalformedRequest("the request is not HTTP/1.1 or HTTP/1.0", status: .httpVersionNotSupported)
    }

    /// Takes the first line off `rest`.
    private static func line(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(MalformedRequest) -> Slice<UnsafeRawBufferPointer> {
        let end = rest.firstIndex(of: 0x0d) ?? rest.endIndex
        let line = rest[rest.startIndex..<end]
        guard end < rest.endIndex else {
            rest = rest[end...]
            return line
        }
        guard end + 1 < rest.endIndex, rest[end + 1] == 0x0a else { throw MalformedRequest("the request's head has a carriage return within a line") }
        rest = rest[(end + 2)...]
        return line
    }

    private static func field(_ line: Slice<UnsafeRawBufferPointer>) throws(MalformedRequest) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex, line[..<colon].allSatisfy(isToken) else {
            throw MalformedRequest("a header field of the request is malformed: it must be a name, a colon and a value")
        }
        let value = line[(colon + 1)...].trimming { $0 == 0x20 || $0 == 0x09 }
        guard value.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }) else {
            throw MalformedRequest("a header field of the request has a control character in its value")
        }
        return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// A `tchar` of RFC 9110, 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
        default: false
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func trimming(_ unwanted: (UInt8) -> Bool) -> Self {
        var part = self
        while let byte = part.first, unwanted(byte) { part = part.dropFirst() }
        while let byte = part.last, unwanted(byte) { part = part.dropLast() }
        return part
    }
}
