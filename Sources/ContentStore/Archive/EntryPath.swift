import EngineErrors

extension [CChar] {
    /// NUL-ended bytes as text; what is no UTF-8 is repaired.
    var text: String { String(decoding: dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}

/// An entry's place in a tree: cleaned, relative to the tree's root, as NUL-ended bytes.
struct EntryPath: Hashable {
    /// The folder it lies in; "." is the root.
    let folder: [CChar]
    /// Its name there; empty for the root itself.
    let name: [CChar]

    var isRoot: Bool { name == [0] }

    /// The whole path.
    var whole: [CChar] { isRoot ? Self.root : Self.join(folder, name) }

    static let root: [CChar] = [0x2e, 0]

    /// nil: the path leaves the tree. A leading "/" is the tree's root.
    init?(_ raw: UnsafePointer<CChar>) {
        guard var parts = Self.clean(raw) else { return nil }
        name = (parts.popLast() ?? []) + [0]
        folder = parts.isEmpty ? Self.root : Array(parts.joined(separator: [0x2f])) + [0]
    }

    private init(folder: [CChar], name: [CChar]) {
        self.folder = folder
        self.name = name
    }

    /// The entry `name`, without NUL, of the same folder.
    func sibling(_ name: ArraySlice<CChar>) -> EntryPath { EntryPath(folder: folder, name: name + [0]) }

    /// The folder that it lies in; nil for what lies in the root.
    var parent: EntryPath? { folder == Self.root ? nil : EntryPath(folder) }

    /// Whether a symbolic link here with this text stays, by its letters, in the tree.
    func holdsLink(to target: UnsafePointer<CChar>) -> Bool {
        if target[0] == 0x2f { return true }
        return EntryPath(Self.join(folder, Array(UnsafeBufferPointer(start: target, count: Self.length(target) + 1)))) != nil
    }

    private static func join(_ folder: [CChar], _ name: [CChar]) -> [CChar] {
        folder == root ? name : folder.dropLast() + [0x2f] + name
    }

    private static func length(_ text: UnsafePointer<CChar>) -> Int {
        var count = 0
        while text[count] != 0 { count += 1 }
        return count
    }

    private static func clean(_ raw: UnsafePointer<CChar>) -> [[CChar]]? {
        var parts: [[CChar]] = []
        for part in UnsafeBufferPointer(start: raw, count: length(raw)).split(separator: 0x2f) {
            if part.elementsEqual([0x2e]) { continue }
            guard part.elementsEqual([0x2e, 0x2e]) else {
                parts.append(Array(part))
                continue
            }
            if parts.popLast() == nil { return nil }
        }
        return parts
    }
}
