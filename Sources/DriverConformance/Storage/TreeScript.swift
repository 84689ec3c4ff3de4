import Glibc
import LinuxSystem

/// Random changes of a tree, of every kind that a layer may bring.
struct TreeScript {
    private var editor: TreeEditor
    private var random: Random
    private var counter = 0

    /// - Returns: the tree's new model.
    static func run(_ root: String, _ model: ModelTree, changes: Int, _ random: inout Random) throws -> ModelTree {
        var script = TreeScript(editor: TreeEditor(root, model), random: random)
        for _ in 0..<changes { try script.change() }
        random = script.random
        return script.editor.model
    }

    private init(editor: TreeEditor, random: Random) {
        self.editor = editor
        self.random = random
    }

    private mutating func change() throws {
        switch random.below(18) {
        case 0, 1, 2: try editor.makeFile(newName(), random.bytes(random.below(20_000)), mode: 0o600 | UInt32(random.below(0o100)))
        case 3, 4: try editor.makeFolder(newName(), mode: 0o700 | UInt32(random.below(0o100)))
        case 5: try editor.makeSpecial(newName(), special())
        case 6: if let path = editable() { try editor.makeLink(path, newName()) }
        case 7, 8: if let path = one(of: editor.model.leaves) { try editor.remove(path) }
        case 9: if let path = one(of: editor.model.folders), !path.isEmpty { try editor.remove(path) }
        case 10: try replaceFolder()
        case 11: try replaceKind()
        case 12: if let path = editable(.file) { try editor.write(path, at: random.below(40_000), random.bytes(1 + random.below(9000))) }
        case 13: if let path = editable(.file) { try editor.resize(path, random.below(30_000)) }
        case 14: if let path = editable(.file) ?? one(of: editor.model.folders) { try editor.setMode(path, 0o700 | UInt32(random.below(0o7100) & 0o7077)) }
        case 15: if let path = editable() ?? one(of: editor.model.folders) { try editor.setOwner(path, UInt32(random.below(70000)), UInt32(random.below(70000))) }
        case 16: try changeAttribute()
        default: if let path = editable() { try editor.move(path, newName()) }
        }
    }

    private mutating func one(of list: [String]) -> String? { list.isEmpty ? nil : list[random.below(list.count)] }

    private mutating func newName() -> String {
        counter += 1
        let folder = one(of: editor.model.folders.filter { $0.utf8.count < 150 }) ?? ""
        let name = ["f", "ünicode", "with space", "-dash", ".hidden", "new\nline"][random.below(6)]
        return "\(folder)\(folder.isEmpty ? "" : "/")\(name)\(editor.model.layer)-\(counter)"
    }

    /// An overlay file system may give a changed file of several names as several files, so those are left alone once
    /// their layer is committed.
    private mutating func editable(_ kind: ModelTree.Kind? = nil) -> String? {
        let model = editor.model
        return one(of: model.leaves.filter { (kind == nil || model[$0].kind == kind) && (model[$0].layer == model.layer || model.count(ofLinksTo: $0) == 1) })
    }

    private mutating func special() -> ModelTree.Kind {
        switch random.below(4) {
        case 0: .fifo
        case 1: .device(major: 1, minor: 3 + UInt32(random.below(5)))
        default: .link(["f", "/nowhere", "../..", String(repeating: "long", count: 40)][random.below(4)])
        }
    }

    /// What was in the old folder must not show in the new one.
    private mutating func replaceFolder() throws {
        guard let path = one(of: editor.model.folders), !path.isEmpty else { return }
        try editor.remove(path)
        try editor.makeFolder(path)
        try editor.makeFile("\(path)/in the new folder", [1, 2, 3])
    }

    private mutating func replaceKind() throws {
        guard let path = one(of: editor.model.leaves) else { return }
        try editor.remove(path)
        if random.below(2) == 0 { try editor.makeFolder(path) } else { try editor.makeFile(path, [4]) }
    }

    private mutating func changeAttribute() throws {
        guard let path = editable(.file) ?? one(of: editor.model.folders) else { return }
        if let name = editor.model[path].attributes.keys.sorted().first, random.below(2) == 0 { return try editor.removeAttribute(path, name) }
        try editor.setAttribute(path, ["user.note", "trusted.secret", "user.other"][random.below(3)], random.bytes(random.below(60)))
    }
}
