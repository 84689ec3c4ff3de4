import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A driver that does what the real one of its kind does until it is told to betray.
struct TreacherousDriver: Sendable, CustomStringConvertible {
    var kind: String
    /// Its files are wrapped.
    var real: String
    /// Calls that betray, and a command that comes to each. NAME is new for each betrayal, KEPT is there already.
    var calls: [(call: String, command: [String])]
    var betrayals = ["crash", "leak", "lie", "garbage", "fail"]

    var description: String { kind }

    static let all = [
        TreacherousDriver(
            kind: "storage", real: "storage-vfs",
            calls: [
                ("prepare", ["create", "--name", "NAME", "--storage-driver", "treacherous", "busybox", "true"]), ("mounts", ["start", "-a", "KEPT"]), ("usage", ["ps", "-as"]),
                ("walk", ["system", "df"]),
            ]),
        TreacherousDriver(
            kind: "network", real: "network-bridge",
            calls: [
                ("create", ["network", "create", "-d", "treacherous", "NAME"]), ("join", ["start", "-a", "KEPT"]), ("leave", ["start", "-a", "KEPT"]),
            ]),
        TreacherousDriver(kind: "log", real: "log-json-file", calls: [("read", ["logs", "KEPT"]), ("write", ["start", "-a", "KEPT"])]),
        TreacherousDriver(
            kind: "volume", real: "volume-local",
            calls: [
                ("create", ["volume", "create", "-d", "treacherous", "NAME"]), ("mount", ["start", "-a", "KEPT"]), ("unmount", ["start", "-a", "KEPT"]),
                ("walk", ["volume", "create", "-d", "treacherous", "NAME"]),
            ]),
    ]

    /// What a container of this driver is created with.
    var flags: [String] {
        switch kind {
        case "storage": ["--storage-driver", "treacherous"]
        case "network": ["--network", "kept"]
        case "log": ["--log-driver", "treacherous"]
        default: ["-v", "kept:/data"]
        }
    }

    private static let tests = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/"))

    /// Builds it; `control` is the file that tells it what to do.
    func build(in folder: String, control: String) throws -> String {
        try Files.makeDirectories(folder, mode: 0o755)
        let file = "\(folder)/lib\(kind)-treacherous.so"
        let number = ["storage": 1, "network": 2, "log": 3, "volume": 4][kind] ?? 0
        let built = Command.run([
            "cc", "-O1", "-fPIC", "-shared", "-I\(Self.tests)/../Sources/CDriverABI/include", "-DREAL=\"\(Engine.bin)/lib\(real).so\"", "-DNAME=\"treacherous\"", "-DKIND=\(number)",
            "-DCONTROL=\"\(control)\"", "\(Self.tests)/FaultTests/Fixtures/treacherous.c", "-o", file, "-ldl", "-lpthread",
        ])
        #expect(built.status == 0, "\(built.everything)")
        return file
    }
}
