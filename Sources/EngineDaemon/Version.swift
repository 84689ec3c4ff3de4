/// What `--version` says.
enum Version {
    static let text = "Gantry version 0.1.0"
}
