extension Operations {
    static let images = [
        Operation(
            name: "import", run: "g import $root/other.tar made:1", undo: "g rmi made:1", show: "g run --rm --network none made:1 cat /file",
            points: [
                "blob.sync.before", "blob.rename.before", "blob.folder.sync.before", "blob.folder.sync.after", "blob.sync.before:2", "layer.unpack.before", "layer.commit.before",
                "snapshot.seal.before", "snapshot.commit.before", "snapshot.rename.before", "snapshot.forget.before", "snapshot.folder.sync.before", "snapshot.folder.sync.after",
                "overlayfs.commit.after", "layer.commit.after", "image.unpack.after",
            ] + saved("image"),
            failing: [
                "blob.sync.before", "blob.rename.before", "blob.folder.sync.before", "blob.sync.before:2", "layer.unpack.before", "layer.commit.before", "snapshot.seal.before",
                "snapshot.commit.before", "snapshot.rename.before", "snapshot.forget.before", "snapshot.folder.sync.before", "state.save.image.before",
            ]),
        Operation(
            name: "load", run: "g load -q -i $root/saved.tar", undo: "g rmi other:1", show: "g run --rm --network none other:1 cat /file",
            points: ["blob.sync.before", "blob.rename.before", "blob.rename.before:2", "blob.folder.sync.after:2", "image.unpack.after"] + saved("image"),
            failing: ["blob.rename.before:2", "state.save.image.before"]),
        Operation(
            name: "move a tag", prepare: "g import $root/other.tar made:1", run: "g tag busybox made:1", undo: "g rmi made:1 && g image prune -f", show: "g inspect --format '{{.RepoTags}}' busybox",
            points: saved("image"), failing: ["state.save.image.before"]),
        Operation(
            name: "rmi", prepare: "g import $root/other.tar made:1", run: "g rmi made:1", undo: "true",
            points: removed("image") + ["snapshot.remove.before", "snapshot.removal.sync.after", "image.collect.layer.after", "blob.remove.before", "blob.remove.before:2"],
            failing: ["state.remove.image.before"]),
        Operation(
            name: "migrate an image", run: "g image migrate --to vfs busybox", undo: "g image migrate --to overlayfs busybox",
            show: "g inspect --format '{{.GraphDriver.Name}}' busybox; g run --rm --network none busybox echo runs",
            points: [
                "layer.unpack.before", "tree.make.before", "layer.commit.before", "snapshot.seal.before", "snapshot.folder.sync.after", "image.migrate.view.after", "image.migrate.copy.after",
                "image.migrate.record.after", "snapshot.remove.before:2", "image.collect.layer.after",
            ] + saved("image-migration") + saved("image") + removed("image-migration"),
            failing: ["tree.make.before", "layer.commit.before", "state.save.image-migration.before", "state.save.image.before"]),
    ]
}
