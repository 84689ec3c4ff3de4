import Glibc
import LinuxSystem
public import Testing

/// A daemon of the tests' own, with its own folders, socket, bridge and addresses.
public final class Engine {
    public let root: String
    public let bin: String
    public private(set) var pid: Int32 = 0
    private var child: Child?
    private let extra: [String]
    private let launcher: [String]
    public let bridge: String
    private let subnet: String
    /// The default storage driver.
    public let storage: String
    /// What the data root needs to lie on, for that driver or as it was asked for.
    public let disk: LoopFileSystem?

    public var socket: String { "unix://\(root)/gantry.sock" }
    public var dataRoot: String { "\(root)/data" }

    /// Of the daemons that don't choose one: `make test` runs the tests with each.
    public static let storage = getenv("GANTRY_TEST_STORAGE").map { String(cString: $0) } ?? "overlayfs"

    public var execRoot: String { "\(root)/exec" }
    /// Its configuration file.
    public var configuration = "/dev/null"

    /// Where the executables are: beside the test's own.
    public static let bin: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        var path = String(decoding: buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // `swift test` may run the bundle through a helper of the toolchain.
        if let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) { path = bundle }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return realpath(folder, nil).map { String(cString: $0) } ?? folder
    }()

    /// - Parameters:
    ///   - number: keeps bridges and addresses of several daemons apart, 1 to 200.
    ///   - storage: the default storage driver; btrfs puts the data root on a file system of its own.
    ///   - disk: nil: as large as need be. A small file system for the data root, in megabytes.
    ///   - inodes: of that file system; 0: as many as is usual.
    ///   - launcher: a command that becomes the daemon, whose own command line follows.
    public init(
        number: Int, arguments: [String] = [], bin: String = Engine.bin, storage: String = Engine.storage, disk megabytes: Int? = nil, inodes: Int = 0, launcher: [String] = []
    ) {
        self.launcher = launcher
        self.bin = bin
        self.storage = storage
        var template = Array("/var/tmp/gantry-test-XXXXXX".utf8CString)
        root = String(cString: mkdtemp(&template))
        bridge = "gtest\(number)"
        subnet = "172.31.\(number).1/24"
        extra = arguments
        let isOnDisk = storage == "btrfs" || megabytes != nil
        disk = isOnDisk ? LoopFileSystem(storage == "btrfs" ? "btrfs" : "ext4", at: "\(root)/data", megabytes: megabytes ?? 2000, options: inodes > 0 ? ["-N", "\(inodes)"] : []) : nil
    }

    private var command: [String] {
        [
            "\(bin)/gantryd", "--data-root", dataRoot, "--exec-root", execRoot, "--pidfile", "\(root)/pid", "--config-file", configuration,
            "--host", socket, "--bridge", bridge, "--bip", subnet, "--debug",
            "--storage-driver", storage,
        ] + extra
    }

    /// A start that is expected to fail.
    public func attempt() -> Command { Command.run(command, environment: ["GANTRY_DRIVER_CHECKS": "off"]) }

    public func start() {
        launch()
        if !answers() { Issue.record("the daemon did not start: \(log)") }
    }

    /// Starts it, with a fail point armed if one is named, and does not wait until it answers.
    public func launch(failPoint: String = "") {
        let child = Child(launcher + command, environment: ["GANTRY_DRIVER_CHECKS": "off", "GANTRY_FAIL_POINT": failPoint], errorFile: "\(root)/daemon.log")
        self.child = child
        pid = child.pid
    }

    /// Waits until it answers; false: it ends instead, or is late.
    public func answers() -> Bool {
        let deadline = Child.now() + 120
        while Child.now() < deadline && child?.hasEnded == false {
            if gantry("version").status == 0 { return true }
            usleep(20_000)
        }
        return false
    }

    /// Waits for a daemon that ends by itself. - Returns: its status, 128 + signal; -1: it lived on, and was killed.
    public func awaitEnd(seconds: Int = 60) -> Int32 {
        let end = child?.finish(seconds: seconds)
        pid = 0
        return end?.status ?? -1
    }

    public var log: String { (try? Files.read("\(root)/daemon.log")).map { String(decoding: $0.suffix(4000), as: UTF8.self) } ?? "" }

    /// SIGKILL, as a crash.
    /// - Parameter mayHaveEnded: otherwise one that has ended by itself is a failure.
    public func kill(mayHaveEnded: Bool = false) {
        guard pid > 0 else { return }
        if !mayHaveEnded && child?.hasEnded == true { Issue.record("the daemon ended before it was killed: \(log)") }
        Glibc.kill(pid, SIGKILL)
        _ = child?.finish()
        pid = 0
    }

    public func signal(_ number: Int32) { Glibc.kill(pid, number) }

    /// Waits for the end of a daemon that was told to end. - Returns: its exit status, or 128 and the signal.
    public func end() -> Int32 {
        defer { pid = 0 }
        return child?.finish().status ?? -1
    }

    /// SIGKILL, and the next daemon. `attempts` more are killed while they come up.
    public func crash(attempts: Int = 0) {
        kill()
        for attempt in 0..<attempts {
            launch()
            usleep(UInt32(20_000 + 15_000 * attempt))
            kill()
        }
        start()
    }

    /// A request by hand; the answer's body.
    public func request(_ method: String, _ path: String, _ body: String = "") -> Command {
        Command.run(
            ["curl", "-s", "-m", "50", "-X", method, "--unix-socket", "\(root)/gantry.sock", "-H", "Content-Type: application/json"]
                + (body.isEmpty ? [] : ["-d", body]) + ["http://gantry/v1.43\(path)"])
    }

    /// Until `condition` holds; false: it never did.
    public func eventually(seconds: Int = 60, _ condition: () -> Bool) -> Bool {
        let deadline = Child.now() + Double(seconds)
        while Child.now() < deadline {
            if condition() { return true }
            usleep(20_000)
        }
        return condition()
    }

    /// SIGTERM, and wait.
    public func stop() {
        guard pid > 0 else { return }
        Glibc.kill(pid, SIGTERM)
        let end = child?.finish()
        #expect(end?.status == 0, "the daemon ends cleanly: \(end?.everything ?? "")")
        pid = 0
    }

    /// Removes every container and ends the daemon.
    public func stopAll() {
        guard pid > 0 else { return }
        let all = gantry("ps", "-aq").output.split(separator: "\n").map(String.init)
        if !all.isEmpty { _ = run(["rm", "-f", "-v"] + all) }
        // Networks, too, have links that would stay.
        let networks = gantry("network", "ls", "-q", "--filter", "type=custom").output.split(separator: "\n").map(String.init)
        if !networks.isEmpty { _ = run(["network", "rm"] + networks) }
        stop()
    }

    /// Everything that this daemon made goes.
    public func discard() {
        stopAll()
        // A daemon leaves its default network for the next one; here there will be none.
        Command.run(["ip", "link", "del", bridge])
        for line in Command.run(["nft", "list", "tables"]).output.split(separator: "\n") {
            guard let table = line.split(separator: " ").last, table.hasPrefix("gantry_") else { continue }
            if Command.run(["nft", "list", "table", "ip", String(table)]).output.contains("\"\(bridge)\"") {
                Command.run(["nft", "delete", "table", "ip", String(table)])
            }
        }
        disk?.discard()
        try? Files.removeTree(root)
    }

    @discardableResult
    public func gantry(_ arguments: String..., input: String? = nil, seconds: Int = 60) -> Command { run(arguments, input: input, seconds: seconds) }

    public func run(_ arguments: [String], input: String? = nil, seconds: Int = 60) -> Command {
        Command.run(["\(bin)/gantry"] + arguments, environment: environment, input: input, seconds: seconds)
    }

    /// Looks at `system dump` until it shows what the test waits for. False: it never does.
    public func waitForDump(_ isWanted: (String) -> Bool) -> Bool {
        eventually { isWanted(gantry("system", "dump").output) }
    }

    /// The stock client.
    @discardableResult
    public func docker(_ arguments: String..., input: String? = nil, seconds: Int = 60) -> Command {
        Command.run(["docker"] + arguments, environment: environment, input: input, seconds: seconds)
    }

    /// A program with the SDK; `client` is connected.
    public func python(_ program: String, seconds: Int = 60) -> Command {
        let start = "import docker\nclient = docker.DockerClient(base_url='\(socket)')\n"
        let own = ".build/python/bin/python"
        return Command.run([Files.exists(own) ? own : "python3", "-c", start + program], environment: environment, seconds: seconds)
    }

    public var environment: [String: String] { ["DOCKER_HOST": socket, "GANTRY_HOST": socket, "DOCKER_CONFIG": root] }

    public func child(_ arguments: String...) -> Child { Child(["\(bin)/gantry"] + arguments, environment: environment) }

    public func objects() -> KernelObjects { .count(daemon: pid, dataRoot: dataRoot, execRoot: execRoot) }

    /// Debian's busybox as an image.
    public func importBusybox(_ name: String = "busybox:latest") {
        let tree = "\(root)/busybox", archive = "\(root)/busybox.tar"
        let script = """
            set -e; mkdir -p \(tree)/bin \(tree)/etc \(tree)/tmp \(tree)/www \(tree)/root; chmod 1777 \(tree)/tmp
            cp /bin/busybox \(tree)/bin/; for n in $(/bin/busybox --list); do [ $n = busybox ] || ln -sf busybox \(tree)/bin/$n; done
            printf 'root:x:0:0:root:/root:/bin/sh\\nwww:x:33:33:www:/www:/bin/sh\\n' >\(tree)/etc/passwd
            printf 'root:x:0:\\nwww:x:33:\\nextra:x:44:www\\n' >\(tree)/etc/group
            echo '<h1>hello from inside</h1>' >\(tree)/www/index.html
            tar -C \(tree) --owner=0 --group=0 --numeric-owner -cf \(archive) .; rm -rf \(tree)
            """
        let made = Command.run(["sh", "-c", script])
        #expect(made.status == 0, "\(made.everything)")
        let imported = gantry("import", "--change", "CMD [\"sh\"]", archive, name)
        #expect(imported.status == 0, "\(imported.everything)\(log)")
    }

    /// Runs the body and then looks for what it left: containers with the prefix are removed, everything else is a leak.
    public func withoutLeaks(sourceLocation: SourceLocation = #_sourceLocation, _ body: (_ prefix: String) throws -> Void) rethrows {
        let prefix = "t\(UInt32.random(in: 0...UInt32.max))"
        let before = objects()
        defer {
            let mine = gantry("ps", "-aq", "--filter", "name=\(prefix)").output.split(separator: "\n").map(String.init)
            if !mine.isEmpty { _ = run(["rm", "-f", "-v"] + mine) }
            var growth: [String] = []
            // The kernel takes namespaces and links down behind our backs.
            _ = eventually {
                growth = objects().growth(since: before)
                return growth.isEmpty
            }
            #expect(growth.isEmpty, "something was left behind", sourceLocation: sourceLocation)
            if child?.hasEnded == true { Issue.record("the daemon has ended: \(log)", sourceLocation: sourceLocation) }
        }
        try body(prefix)
    }
}
