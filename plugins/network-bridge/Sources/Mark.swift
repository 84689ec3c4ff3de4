import LinuxNetlink

/// How kernel objects say that they are this daemon's: an alias "gantry:<mark>:<id>" on links, for an endpoint with
/// ":<network>" behind it and ":<number of published ports>" if there are any, and a table of the packet filter called
/// "gantry_<mark>".
struct Mark {
    private let prefix: String
    let table: String

    init(_ mark: String) {
        prefix = "gantry:\(mark):"
        // What nft takes for a name without quotes.
        table = "gantry_" + String(mark.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    func alias(_ id: String) -> String { prefix + id }
    func alias(_ endpoint: String, in network: String, ports: Int) -> String { "\(prefix)\(endpoint):\(network)" + (ports > 0 ? ":\(ports)" : "") }

    /// The id of the network (a bridge) or endpoint (anything else) that a link of ours belongs to.
    func id(of link: Link) -> String? { parts(of: link)?.first.map(String.init) }

    /// The id of the network that an endpoint's link belongs to.
    func network(of link: Link) -> String? { parts(of: link)?.dropFirst().first.map(String.init) }

    /// How many ports were published for the endpoint that a link belongs to.
    func ports(of link: Link) -> Int { parts(of: link)?.dropFirst(2).first.flatMap { Int($0) } ?? 0 }

    private func parts(of link: Link) -> [Substring]? {
        link.alias.hasPrefix(prefix) ? link.alias.dropFirst(prefix.count).split(separator: ":") : nil
    }

    /// The host's end of an endpoint's pair.
    static func hostName(_ endpoint: String) -> String { "gv\(endpoint.prefix(11))" }
}
