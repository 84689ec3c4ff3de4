/// What a container of the harness runs: it numbers its lines, keeps the files that it is told to write, and says by its
/// exit status how it ended.
enum ContainerProgram {
    /// Exits with `code` after so many lines, with `code` + 100 when it is told to end.
    static func arguments(code: Int, lines: Int) -> [String] {
        let pause = lines > 1000 ? "sleep 0.1; " : ""
        return ["sh", "-c", "trap 'exit \(code + 100)' TERM; i=0; while [ $i -lt \(lines) ]; do i=$((i+1)); echo $i; \(pause)done; exit \(code)"]
    }

    static let folder = "/data"

    /// A file that stays, whatever happens after the exit status: its content is flushed to the disk.
    static func write(_ name: String, _ value: String) -> [String] {
        ["sh", "-c", "mkdir -p \(folder) && printf %s '\(value)' | dd of=\(folder)/\(name) conv=fsync 2>/dev/null"]
    }

    /// "name value", a line for each file.
    static let list = ["sh", "-c", "cd \(folder) 2>/dev/null || exit 0; for f in *; do [ -f \"$f\" ] && echo \"$f $(cat \"$f\")\"; done; true"]
}
