import DriverKit
import Glibc

/// The kernel wants `addr=` of a network file system as a number.
enum NetworkAddress {
    static func resolve(_ options: String, of volume: String) throws(DriverError) -> String {
        var words = options.split(separator: ",").map(String.init)
        for index in words.indices where words[index].hasPrefix("addr=") {
            words[index] = "addr=\(try address(String(words[index].dropFirst(5)), volume))"
        }
        return words.joined(separator: ",")
    }

    private static func address(_ host: String, _ volume: String) throws(DriverError) -> String {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let first = list else {
            throw DriverError(EHOSTUNREACH, "error resolving passed in network volume address of \(volume): \(host): \(String(cString: gai_strerror(code)))")
        }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let named = getnameinfo(first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard named == 0 else { throw DriverError(EHOSTUNREACH, "the address of \(host) can't be written: \(String(cString: gai_strerror(named)))") }
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
