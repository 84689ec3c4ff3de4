import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Something that the machine runs out of, and has again.
struct Shortage: Sendable, CustomStringConvertible {
    var description: String
    /// A small disk of its own for the data root: megabytes and, if not 0, inodes.
    var disk: (megabytes: Int, inodes: Int)?
    /// The daemon may die of it; then the next one must know everything.
    var mayKill = false
    /// Other file systems have no such thing, or can't be told.
    var needsExt4 = false
    /// What is not durable when it begins is lost, as in a power cut, and what is acknowledged then may be.
    var cuts = false
    var begin: @Sendable (Engine) -> Void
    var end: @Sendable (Engine) -> Void

    static let all = [noSpace, noInodes, readOnlyMount, readOnlyDisk, noDescriptors, noProcesses, lowMemory].filter { Engine.storage != "btrfs" || !$0.needsExt4 }

    static let noSpace = Shortage(
        description: "no space", disk: (200, 0),
        begin: { run("head -c 1G /dev/zero >\($0.dataRoot)/filler 2>/dev/null") }, end: { run("rm -f \($0.dataRoot)/filler") })

    static let noInodes = Shortage(
        description: "no inodes", disk: (200, 2000), needsExt4: true,
        begin: { run("mkdir \($0.dataRoot)/filler; cd \($0.dataRoot)/filler && i=0; while : >$i; do i=$((i+1)); done 2>/dev/null") }, end: { run("rm -rf \($0.dataRoot)/filler") })

    /// What has a path can't be changed; what is open can.
    static let readOnlyMount = Shortage(
        description: "a read-only mount", disk: (200, 0),
        begin: { run("mount --bind \($0.dataRoot) \($0.dataRoot) && mount -o remount,bind,ro \($0.dataRoot)") }, end: { run("umount -l \($0.dataRoot)") })

    /// What ext4 does when the disk fails: it gives up what its journal has not committed, and nothing can be written until
    /// it has been mounted anew; for that all who have files open on it must end. An fsync that meets the failure may
    /// succeed, though its last block is lost: in Linux 6.18, of four threads that write and sync, in every other round one.
    static let readOnlyDisk = Shortage(
        description: "a read-only disk", disk: (200, 0), mayKill: true, needsExt4: true, cuts: true,
        begin: { run("mount -o remount,abort \($0.dataRoot)") },
        end: { engine in
            #expect(Processes.isAlive(engine.pid), "the daemon died: \(engine.log)")
            let running = engine.gantry("ps", "-q").output.split(separator: "\n").map(String.init)
            let processes = running.flatMap { [engine.shim(of: $0), engine.firstProcess(of: $0)] }.filter { $0 > 1 }
            engine.kill()
            for id in running { run("for f in /sys/fs/cgroup/freezer/gantry/\(id)*/freezer.state; do echo THAWED >$f; done; for f in /sys/fs/cgroup/gantry/\(id)*/cgroup.freeze; do echo 0 >$f; done") }
            for process in processes { kill(process, SIGKILL) }
            engine.disk?.remount()
        })

    static let noDescriptors = Shortage(
        description: "no descriptors",
        begin: { run("prlimit --pid \($0.pid) --nofile=$(ls /proc/\($0.pid)/fd | wc -l):") }, end: { run("prlimit --pid \($0.pid) --nofile=20000:") })

    static let noProcesses = Shortage(
        description: "no processes", mayKill: true,
        begin: { limit($0, "pids", "pids.max", "$(cat $group/pids.current)") }, end: { release($0, "pids") })

    static let lowMemory = Shortage(
        description: "low memory", mayKill: true,
        begin: { limit($0, "memory", "memory.limit_in_bytes memory.max", "4M") }, end: { release($0, "memory") })

    /// Puts the daemon, and what it starts, into a cgroup of its own, limited by the first of the files that there is.
    private static func limit(_ engine: Engine, _ controller: String, _ files: String, _ value: String) {
        run(
            """
            group=\(group(controller)); mkdir $group && echo \(engine.pid) >$group/cgroup.procs
            for file in \(files); do [ -e $group/$file ] && echo \(value) >$group/$file && break; done
            """)
    }

    /// Everybody out, whoever has joined.
    private static func release(_ engine: Engine, _ controller: String) {
        run(
            """
            group=\(group(controller)); for i in 1 2 3 4 5; do for p in $(cat $group/cgroup.procs); do echo $p >$group/../cgroup.procs; done 2>/dev/null; rmdir $group 2>/dev/null && break; done
            [ ! -d $group ]
            """)
    }

    private static func group(_ controller: String) -> String {
        (Files.exists("/sys/fs/cgroup/\(controller)") ? "/sys/fs/cgroup/\(controller)" : "/sys/fs/cgroup") + "/gantry-test-\(controller)"
    }

    private static func run(_ script: String) { Command.run(["sh", "-c", script]) }
}
