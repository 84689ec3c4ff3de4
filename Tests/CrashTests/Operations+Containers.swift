extension Operations {
    static let containers = [
        Operation(
            name: "create", run: "g create --name made -v /anonymous -v named:/named busybox true", undo: "g rm -v made && g volume rm named",
            mayLeave: "local named", show: "g inspect --format '{{.Config.Image}} {{len .Mounts}}' made",
            points: [
                "overlayfs.content.make.before", "overlayfs.work.make.before", "snapshot.record.before", "snapshot.record.after", "container.create.layer.after",
                "container.create.folder.after", "local-volume.data.before", "local-volume.create.before", "local-volume.create.sync.before", "local-volume.create.sync.after",
                "volume.create.driver.after", "volume.create.driver.after:2", "container.create.volumes.after",
            ] + saved("volume") + saved("volume", 2) + saved("container"),
            failing: [
                "overlayfs.content.make.before", "overlayfs.work.make.before", "snapshot.record.before", "local-volume.data.before", "local-volume.create.before",
                "local-volume.create.sync.before", "state.save.volume.before:2", "state.save.container.before",
            ]),
        Operation(
            name: "start", prepare: "g create --name made -v /anonymous -p 127.0.0.1:18085:80 busybox sleep 1000", run: "g start made", undo: "g rm -f -v made",
            points: [
                "container.start.lease.after", "container.start.volumes.after", "runtime.shim.spawn.after", "runtime.cgroup.make.after", "container.start.shim.after", "bridge.join.configure.before",
                "bridge.join.publish.before", "container.start.join.after", "container.start.release.after",
            ] + saved("container") + saved("container", 2),
            failing: ["bridge.join.configure.before", "bridge.join.publish.before"]),
        Operation(
            name: "end", prepare: "g run -d --name made busybox sleep 1000", run: "g kill made", undo: "g rm -v made", show: "g inspect --format '{{.State.ExitCode}}' made",
            points: ["container.exit.notice.after", "bridge.leave.block.before", "container.exit.release.after", "runtime.cgroup.kill.after"] + saved("container")),
        Operation(
            name: "end with --rm", prepare: "g run -d --rm -v /anonymous --name made busybox sleep 1000",
            run: "g kill made && for i in $(seq 100); do [ -z \"$(g volume ls -q)\" ] && break; sleep 0.05; done", undo: "true",
            points: ["container.exit.notice.after", "container.exit.release.after"] + removed("container") + removed("volume") + ["container.remove.folder.after"]),
        Operation(
            name: "rm", prepare: "g create --name made -v /anonymous busybox true", run: "g rm -v made", undo: "true",
            points: removed("container") + [
                "snapshot.remove.before", "snapshot.removal.sync.before", "snapshot.removal.sync.after", "container.remove.layer.after", "container.remove.folder.after",
                "local-volume.remove.before", "local-volume.remove.sync.before", "local-volume.remove.sync.after", "volume.remove.driver.after", "container.remove.volumes.after",
            ] + removed("volume"),
            failing: ["state.remove.container.before"]),
        Operation(
            name: "rm of whole trees", prepare: "g create --storage-driver vfs --name made busybox true", run: "g rm made", undo: "g image migrate --to overlayfs busybox",
            points: ["tree.folder.remove.before", "snapshot.removal.sync.after"]),
        Operation(
            name: "rm -f", prepare: "g run -d --name made -p 127.0.0.1:18085:80 busybox sleep 1000", run: "g rm -f made", undo: "true",
            mayLeave: "made busybox exited", instead: "made busybox running",
            points: ["container.exit.notice.after", "bridge.leave.block.before", "container.exit.release.after"] + saved("container") + removed("container")),
        Operation(
            name: "rename", prepare: "g create --name made busybox true", run: "g rename made renamed", undo: "g rm renamed", points: saved("container"),
            failing: ["state.save.container.before"]),
        Operation(
            name: "migrate a container", prepare: "g create --name made busybox true", run: "g container migrate --to vfs made",
            undo: "g rm made && g image migrate --to overlayfs busybox", show: "g inspect --format '{{.GraphDriver.Name}}' made",
            points: ["tree.make.before", "vfs.copy.before", "container.migrate.copy.after", "container.migrate.record.after"] + saved("container"),
            failing: ["vfs.copy.before", "state.save.container.before"]),
        Operation(
            name: "change the log driver", prepare: "g run -d --name made busybox sh -c 'echo one; sleep 1000'", run: "g update --log-driver local made", undo: "g rm -f made",
            show: "g inspect --format '{{.HostConfig.LogConfig.Type}}' made; g logs made",
            points: ["container.log.folder.after", "container.log.record.after", "container.log.move.after"] + saved("container"),
            failing: ["state.save.container.before"]),
    ]
}
