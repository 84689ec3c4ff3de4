import Glibc
import LinuxSystem
import EngineErrors
import NIOSSL

/// Where the API is served.
public struct Listener: Sendable {
    enum Address: Sendable, Equatable {
        /// A socket file with this mode, and owned by this group if one is given.
        case unix(path: String, mode: UInt16, group: UInt32?)
        /// A socket that has its address. Owned.
        case bound(Int32, name: String)
    }

    let address: Address
    let tls: NIOSSLContext?

    public static func unix(path: String, mode: UInt16, group: UInt32?) -> Listener { Listener(address: .unix(path: path, mode: mode, group: group), tls: nil) }

    /// - Throws: `.unavailable` when the address is taken or none of this host's, `.invalidArgument` for files that can't be used.
    public static func tcp(host: String, port: Int, tls: TLSFiles? = nil) throws -> Listener {
        let context = try tls?.context()
        return Listener(address: .bound(try TCPListener.open(host, port), name: "\(tls == nil ? "tcp" : "tls")://\(host):\(port)"), tls: context)
    }

    /// A listening socket that this process was started with.
    public static func inherited(_ descriptor: Int32, tls: TLSFiles? = nil) throws -> Listener {
        Listener(address: .bound(descriptor, name: "fd://\(descriptor)"), tls: try tls?.context())
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

    func context() throws(EngineError) -> NIOSSLContext {
        let chain = try Self.use("the certificate \(certificate) can't be used, it must be in PEM form") { try NIOSSLCertificate.fromPEMFile(certificate) }
        let secret = try Self.use("the key \(key) can't be used, it must be in PEM form and without a passphrase") { try NIOSSLPrivateKey(file: key, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        if verify, let ca {
            configuration.certificateVerification = .noHostnameVerification
            let roots = try Self.use("the certificates \(ca) can't be used, they must be in PEM form") { try NIOSSLCertificate.fromPEMFile(ca) }
            configuration.trustRoots = .certificates(roots)
        }
        return try Self.use("the certificate \(certificate) and the key \(key) can't be used together") { try NIOSSLContext(configuration: configuration) }
    }

    private static func use<R>(_ failure: String, _ body: () throws -> R) throws(EngineError) -> R {
        do { return try body() } catch { throw EngineError(.invalidArgument, "\(failure): \(error)", underlying: error) }
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
