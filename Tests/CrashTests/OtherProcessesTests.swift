import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Fail points where the daemon is not serving yet, or in a container's shim.
@Suite("fail points at the start and in shims", .enabled(if: Workplace.isRoot), .serialized)
struct OtherProcessesTests {
    static let bootPoints = [
        "boot.store.after", "boot.images.after", "boot.volumes.after", "boot.containers.load.after", "boot.containers.adopt.after",
        "boot.orphans.remove.after", "boot.containers.after", "bridge.filter.before",
    ]

    static let firstPoints = ["schema.make.before", "schema.make.after"] + Operations.saved("network") + ["bridge.addresses.before"]
    static let logPoints = ["shim.log.replace.after"]
    static let subvolumePoints = ["btrfs.permissions.before", "btrfs.seal.sync.before"]
    static let more = firstPoints + logPoints + subvolumePoints

    @Test("daemons that die while they start leave everything to the next one")
    func boot() {
        let place = Workplace(number: 86)
        defer { place.engine.discard() }
        place.rememberRest()
        let made = place.run("g run -d --name made -p 127.0.0.1:18086:80 busybox sleep 1000 && g run --name over busybox sh -c 'exit 3'")
        #expect(made.status == 3, "\(made.everything)")
        let state = place.inventory("g inspect --format '{{.State.Pid}} {{.State.ExitCode}}' made over")
        for point in Self.bootPoints {
            place.engine.kill()
            place.engine.launch(failPoint: point)
            #expect(!place.engine.answers(), "\(point) is never reached")
            #expect(place.engine.awaitEnd() == 137, "\(point): \(place.engine.log)")
        }
        place.engine.start()
        #expect(place.inventory("g inspect --format '{{.State.Pid}} {{.State.ExitCode}}' made over") == state)
        #expect(place.run("g rm -f made over").status == 0)
        #expect(place.leaks().isEmpty, "\(place.files())")
    }

    @Test("the first start is cut short and begun again")
    func firstStart() {
        let engine = Engine(number: 87)
        defer { engine.discard() }
        for point in Self.firstPoints {
            engine.launch(failPoint: point)
            #expect(!engine.answers(), "\(point) is never reached")
            #expect(engine.awaitEnd() == 137, "\(point): \(engine.log)")
        }
        engine.start()
        #expect(engine.gantry("network", "ls", "--format", "{{.Name}}").output.split(separator: "\n").sorted() == ["bridge", "host", "none"])
    }

    /// What a container is made with, and where its shim dies. It counts to 300, two lines at a time.
    static let shims: [(options: String, points: [String])] = [
        ("", ["shim.clone.after", "shim.log.open.after", "shim.start.receive.after", "shim.exit.file.before", "shim.exit.file.after", "shim.log.close.after"]),
        ("--log-opt max-size=2k --log-opt max-file=3", ["json-file.rotate.drop.after:2", "json-file.rotate.after:2"]),
        ("--log-opt max-size=2k --log-opt max-file=3 --log-opt compress=true", ["json-file.compress.after", "json-file.compress.rename.after"]),
        ("--log-driver local --log-opt max-size=20k --log-opt max-file=3 --log-opt compress=false", ["local-log.seal.after", "local-log.rotate.after"]),
    ]

    @Test("a container whose shim dies is over, its log is whole as far as it goes, and it can be started again", arguments: shims.map(\.options))
    func shim(_ options: String) {
        let place = Workplace(number: 86)
        defer { place.engine.discard() }
        place.rememberRest()
        for point in Self.shims.first(where: { $0.options == options })?.points ?? [] {
            let length = options.contains("local") ? 2000 : 300
            let made = place.run("g create --name made \(options) busybox sh -c 'for i in $(seq \(length)); do echo line $i; done; exit 3'")
            #expect(made.status == 0, "\(made.everything)")
            place.engine.kill()
            unlink("\(place.engine.execRoot)/shim.log")
            place.engine.launch(failPoint: point)
            #expect(place.engine.answers())
            let first = place.run("g start -a made >/dev/null; g wait made; g logs made")
            let words = (try? Files.read("\(place.engine.execRoot)/shim.log")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            #expect(words.contains("reached"), "\(point) is never reached: \(first.everything)")
            #expect(place.run("g version >/dev/null && g inspect --format '{{.State.Running}}' made").output == "false\n", "\(point): \(place.engine.log)")
            let numbers = first.output.split(separator: "\n").filter { $0.hasPrefix("line ") }.compactMap { Int($0.dropFirst(5)) }
            if let start = numbers.first { #expect(numbers == Array(start..<start + numbers.count), "\(point) tore the log") }
            place.engine.kill()
            place.engine.start()
            let again = place.run("g start -a made | tail -1; g wait made; g logs made | tail -1; g rm -f made")
            #expect(again.output == "line \(length)\n3\nline \(length)\nmade\n", "\(point): \(again.everything)\(place.engine.log)")
            #expect(place.leaks().isEmpty, "\(point): \(place.files())")
        }
    }

    @Test("a shim that dies while its log driver changes ends its container, and nothing else", arguments: logPoints)
    func logChange(_ point: String) {
        let place = Workplace(number: 86)
        defer { place.engine.discard() }
        place.rememberRest()
        place.engine.kill()
        place.engine.launch(failPoint: point)
        #expect(place.engine.answers())
        let script = """
            g run -d --name made busybox sh -c 'echo one; sleep 1000' >/dev/null; for i in $(seq 300); do g logs made | grep -q one && break; sleep 0.1; done
            g update --log-driver local made; g wait made; g logs made
            """
        let changed = place.run(script)
        // The change was written down before the shim was told of it; what the old log has is still read.
        #expect(changed.output == "made\n137\none\n", "\(changed.everything)\(place.engine.log)")
        #expect(place.run("g inspect --format '{{.HostConfig.LogConfig.Type}}' made").output == "local\n")
        #expect(place.run("g rm made").status == 0)
        #expect(place.leaks().isEmpty, "\(place.files())")
    }

    @Test("a driver that counts a volume's users counts none for a start that was cut short")
    func volumeUsers() {
        let place = Workplace(number: 86), count = "find $root/data -name '.user-kept-*' | wc -l"
        defer { place.engine.discard() }
        let made = place.run("g driver install $root/versions/1.0/libvolume-faulty.so && g volume create -d faulty kept && g create --name made -v kept:/data busybox true")
        #expect(made.status == 0, "\(made.everything)")
        place.engine.kill()
        place.engine.launch(failPoint: "container.start.volumes.after")
        #expect(place.engine.answers())
        _ = place.run("g start made")
        #expect(place.engine.awaitEnd() == 137, "\(place.engine.log)")
        #expect(place.run(count).output == "1\n")
        place.engine.start()
        #expect(place.run(count).output == "0\n", "\(place.engine.log)")
        #expect(place.run("g start -a made && g rm made && g volume rm kept").status == 0)
    }

    @Test("subvolumes that are cut short leave nothing")
    func subvolumes() {
        let place = Workplace(number: 86, storage: "btrfs")
        defer { place.engine.discard() }
        let course = Course(
            Operation(
                name: "import on btrfs", run: "g import $root/other.tar made:1", undo: "g rmi made:1", points: Self.subvolumePoints, failing: Self.subvolumePoints), in: place)
        for visit in course.operation.kills + course.operation.failures { course.make(visit) }
    }
}
