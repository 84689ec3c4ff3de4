import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("gantry system df", .enabled(if: Shared.isRoot), .serialized)
struct DiskUsageTests {
    @Test("agrees with du: each driver's folder, blobs, volumes, logs, and all of it", arguments: ["overlayfs", "vfs", "btrfs"])
    func agrees(_ driver: String) {
        let engine = Engine(number: 38, storage: driver)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry(
            "run", "--name", "one", "-v", "vol:/vol", "busybox", "sh", "-c",
            "head -c 3000000 /dev/urandom >/big; ln /big /twin; rm /etc/group; truncate -s 50000000 /hole; head -c 2000000 /dev/urandom >/vol/x; yes | head -c 1500000")
        engine.gantry("create", "--name", "two", "busybox")
        engine.gantry("volume", "create", "empty")
        Command.run(["sync", "-f", engine.dataRoot])
        let usage = Usage(engine)
        func du(_ place: String) -> Int { Int(Command.run(["du", "-s", "--block-size=1", "\(engine.dataRoot)/\(place)"]).output.prefix { $0 != "\t" }) ?? -1 }
        // The database grows while it is looked at.
        #expect(abs(usage["print(d['DataRoot']['Size'])"] - du("")) <= 256 << 10, "\(du(""))")
        #expect(usage["print(d['StorageDrivers'][0]['Size'])"] == du("storage/\(driver)"))
        #expect(usage["print(d['Blobs']['Size'])"] == du("content/blobs/sha256"))
        #expect(usage["print({v['Name']: v for v in d['Volumes']}['vol']['UsageData']['Size'])"] == du("volume/local/vol/_data"))
        #expect(usage["print({v['Name']: v for v in d['Volumes']}['empty']['UsageData']['Size'])"] == du("volume/local/empty/_data"))
        let id = engine.gantry("inspect", "--format", "{{.Id}}", "one").output.trimmed
        #expect(usage["print(next(c['SizeLog'] for c in d['Containers'] if c['Id'] == '\(id)'))"] == du("containers/\(id)"))
        #expect(usage["print(next(c['SizeRw'] for c in d['Containers'] if c['Id'] == '\(id)'))"] >= 3_000_000)
        let parts = "s = d['StorageDrivers'][0]; parts = s['Size'] + d['Blobs']['Size'] + sum(v['UsageData']['Size'] for v in d['Volumes']) + sum(c['SizeLog'] for c in d['Containers'])"
        #expect(usage["\(parts); print(d['DataRoot']['Size'] - parts - d['DataRoot']['Other'])"] == 0)
        #expect(usage["print(d['DataRoot']['Other'])"] < 2 << 20, "the rest is small")
        // Trees of one's own hold the image again for each container, or share its blocks; an overlay holds what was written.
        let own = "s = d['StorageDrivers'][0]; own = s['LayersSize'] + s['ContainersSize']"
        #expect(usage["\(own); print(own)"] <= du("storage/\(driver)"))
        if driver == "overlayfs" {
            // The driver's own folders: a few for each layer and container.
            #expect(usage["\(own); print(s['Size'] - own)"] <= 3 * (64 << 10))
        }
        let shown = engine.gantry("system", "df").output
        #expect(shown.contains("Image Blobs") && shown.contains("ON DISK") && shown.contains("The data root takes "), "\(shown)")
        engine.gantry("rm", "-v", "one")
        #expect(Usage(engine)["print(len(d['Containers']))"] == 1)
    }

    /// The answer of the API, and what a line of Python finds in it.
    private struct Usage {
        let text: String
        init(_ engine: Engine) { text = Command.run(["curl", "-s", "--unix-socket", "\(engine.root)/gantry.sock", "http://x/system/df"]).output }
        subscript(_ program: String) -> Int {
            let result = Command.run(["python3", "-c", "import json, sys\nd = json.load(sys.stdin)\n\(program)"], input: text)
            #expect(result.status == 0, "\(result.everything)\(text)")
            return Int(result.output.trimmed) ?? -1
        }
    }
}
