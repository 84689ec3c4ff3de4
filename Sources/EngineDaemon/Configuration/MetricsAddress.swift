/// Where metrics are served without the API: "127.0.0.1:9323", ":9323" for the same.
struct MetricsAddress: Equatable {
    let host: String
    let port: Int

    init(_ text: String) throws(ConfigurationError) {
        guard text.contains(":"), case .tcp(let host, let port)? = try? ListenAddress("tcp://\(text)", usesTLS: false) else {
            throw ConfigurationError("the metrics address \"\(text)\" can't be understood: it must be ADDRESS:PORT, as 127.0.0.1:9323")
        }
        // Metrics have no password: whoever wants them seen from elsewhere says so.
        self.host = host.isEmpty ? "127.0.0.1" : host
        self.port = port
    }
}
