import CLinux
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("copies of trees", .enabled(if: Bench.isRoot))
struct TreeCopyTests {
    private static func with(_ body: (_ source: String, _ target: String) throws -> Void) throws {
        var template = Array("/var/tmp/gantry-copy-XXXXXX".utf8CString)
        let root = String(cString: mkdtemp(&template))
        defer { try? Files.removeTree(root) }
        shell("mkdir \(root)/source \(root)/target")
        try body("\(root)/source", "\(root)/target")
    }

    private static func copy(_ source: String, _ target: String, onlyAdds: Bool = false) throws {
        let from = try Files.open(source, O_RDONLY | O_DIRECTORY), to = try Files.open(target, O_RDONLY | O_DIRECTORY)
        try TreeCopy.run(from: from.raw, to: to.raw, onlyAdds: onlyAdds)
    }

    @Test("a copy that only adds leaves what others have put into the target, under whatever name")
    func additions() throws {
        try Self.with { source, target in
            shell("cd \(source) && mkdir both own && echo image >both/file && echo image >own/file && echo image >same")
            shell("cd \(target) && mkdir both && echo other >both/other && echo other >same && echo other >more")
            try Self.copy(source, target, onlyAdds: true)
            let found = Command.run(["sh", "-c", "cd \(target) && for f in $(find . -type f | sort); do echo $f $(cat $f); done"]).output
            #expect(found == "./both/other other\n./more other\n./own/file image\n./same other\n")
        }
    }

    private static func difference(_ source: String, _ target: String) throws -> String? {
        let from = try Files.open(source, O_RDONLY | O_DIRECTORY), to = try Files.open(target, O_RDONLY | O_DIRECTORY)
        return try TreeComparison.difference(from.raw, to.raw)
    }

    @Test("the copy is equal, seen by another program and by the comparison")
    func whole() throws {
        try Self.with { source, target in
            try OddTree.make(source)
            try Self.copy(source, target)
            #expect(Fingerprint.lines(source) == Fingerprint.lines(target))
            #expect(try Self.difference(source, target) == nil)
            let before = try status("\(target)/a/b/c")
            #expect(before.st_mtim.tv_sec == 315_532_800, "times of folders: \(before.st_mtim.tv_sec)")
        }
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        /// In the target, after both were equal.
        var script: String
        var found: String
        var testDescription: String { name }
    }

    static let changes = [
        Change(name: "contents of the same size and time", script: "touch -r a/other /tmp/.t$$; echo OTHER >a/other; touch -r /tmp/.t$$ a/other; rm /tmp/.t$$", found: "/a/other: other contents"),
        Change(name: "contents", script: "echo longer and longer >a/other", found: "/a/other: another size"),
        Change(name: "a missing name", script: "rm -r a/b", found: "/a/b: missing"),
        Change(name: "a new name", script: "mkdir -p new/x; echo x >new/x/y", found: "/new: too much"),
        Change(name: "another kind", script: "rm a/link; mkdir a/link; touch a/link/x", found: "/a/link: another kind of file"),
        Change(name: "a folder that became a file", script: "rm -r a; echo x >a", found: "/a: another kind of file"),
        Change(name: "permissions", script: "chmod 711 empty", found: "/empty: other owner or permissions"),
        Change(name: "the owner", script: "chown 5 a/other", found: "/a/other: other owner or permissions"),
        Change(name: "an attribute", script: "python3 -c 'import os; os.setxattr(\"a/other\", \"user.note\", b\"V\")'", found: "/a/other: other extended attributes"),
        Change(name: "an attribute too much", script: "python3 -c 'import os; os.setxattr(\"a\", \"trusted.x\", b\"V\")'", found: "/a: other extended attributes"),
        Change(name: "a broken hard link", script: "cp -a same-again x; mv x same-again", found: "other hard links"),
        Change(name: "a hard link too much", script: "rm nothing; ln a/one nothing", found: "/"),
        Change(name: "the target of a link", script: "ln -sfn elsewhere dangling", found: "/dangling: "),
        Change(
            name: "a device", script: "rm device; mknod device c 5 2; chown 12:13 device; chmod 640 device; python3 -c 'import os; os.setxattr(\"device\", \"trusted.node\", b\"of the device\")'",
            found: "/device: another device"),
        Change(name: "the time of a file", script: "touch -d 2020-01-01 a/one", found: "another time of change"),
    ]

    @Test("a difference is found and named, and a second copy brings the target back", arguments: changes)
    func repairs(_ change: Change) throws {
        try Self.with { source, target in
            try OddTree.make(source)
            try Self.copy(source, target)
            shell("cd \(target); \(change.script)")
            let found = try Self.difference(source, target)
            #expect(found?.contains(change.found) == true, "\(String(describing: found))")
            // What only a reader of all contents can know is left to him.
            if change.name == "contents of the same size and time" { return }
            try Self.copy(source, target)
            #expect(try Self.difference(source, target) == nil)
            #expect(Fingerprint.lines(source) == Fingerprint.lines(target))
        }
    }

    @Test("a second copy touches nothing")
    func idempotence() throws {
        try Self.with { source, target in
            try OddTree.make(source)
            try Self.copy(source, target)
            let times = { Command.run(["sh", "-c", "cd \(target); find . -printf '%p %C@ %i\\n' | sort"]).output }
            let before = times()
            usleep(20_000)
            try Self.copy(source, target)
            #expect(times() == before)
        }
    }

    @Test("a cancelled copy ends with ECANCELED")
    func cancelled() throws {
        try Self.with { source, target in
            shell("for i in 1 2 3; do echo x >\(source)/$i; done")
            let from = try Files.open(source, O_RDONLY | O_DIRECTORY), to = try Files.open(target, O_RDONLY | O_DIRECTORY)
            var asked = 0
            let error = #expect(throws: Errno.self) {
                try TreeCopy.run(from: from.raw, to: to.raw) {
                    asked += 1
                    return asked > 2
                }
            }
            #expect(error?.code == ECANCELED)
        }
    }
}
