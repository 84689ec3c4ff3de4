import Glibc
import LinuxSystem
import EngineErrors
import NIOSSL

/// Where the API is served.
public struct Listener: Sendable {
    public enum Address: Sendable, Equatable {
        /// A socket file with this mode, and owned by this group if one is given.
        case unix(path: String, mode: UInt16, group: UInt32?)
        case tcp(host: String, port: Int)
        /// A listening socket that this process was started with.
        case inherited(Int32)
    }

    public var address: Address
    public var tls: TLSFiles?

    public init(address: Address, tls: TLSFiles? = nil) {
        self.address = address
        self.tls = tls
    }
}

/// PEM files of a TLS listener.
public struct TLSFiles: Sendable, Equatable {
    public var ca: String?
    public var certificate, key: String
    /// Clients must have a certificate of `ca`.
    public var verify: Bool

    public init(ca: String?, certificate: String, key: String, verify: Bool) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
        self.verify = verify
    }

    func context() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        if verify {
            configuration.certificateVerification = .noHostnameVerification
            if let ca { configuration.trustRoots = .file(ca) }
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// A unix socket that nobody can connect to before it has its mode and its group.
enum UnixListener {
    static func open(_ path: String, mode: UInt16, group: UInt32?) throws(EngineError) -> Int32 {
        let folder = "\(path).new"
        do throws(Errno) {
            rmdir(folder)
            try Files.removeTree(folder)
            try Files.makeDirectory(folder, mode: 0o700)
            defer { try? Files.removeTree(folder) }
            let descriptor = try bind("\(folder)/s")
            try Errno.check("chmod \(path)", chmod("\(folder)/s", UInt32(mode)))
            if let group { try Errno.check("chown \(path)", chown("\(folder)/s", UInt32.max, group)) }
            try Errno.check("listen on \(path)", listen(descriptor, 1024))
            try Errno.check("rename to \(path)", rename("\(folder)/s", path))
            return descriptor
        } catch {
            throw EngineError(.unavailable, "the API can't be served on unix://\(path): \(error)", errno: error.code, underlying: error)
        }
    }

    private static func bind(_ path: String) throws(Errno) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < 108 else { throw Errno(ENAMETOOLONG, "bind \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = try Errno.check("socket", socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        if result != 0 {
            let code = errno
            close(descriptor)
            throw Errno(code, "bind \(path)")
        }
        return descriptor
    }
}
