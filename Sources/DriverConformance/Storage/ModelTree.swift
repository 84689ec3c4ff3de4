/// What a file tree holds, in memory: what a driver's tree is compared with.
struct ModelTree {
    enum Kind: Equatable {
        case folder, file, fifo
        case link(String)
        case device(major: UInt32, minor: UInt32)
    }
    struct Inode {
        var kind: Kind
        /// Permissions.
        var mode: UInt32
        var user: UInt32 = 0, group: UInt32 = 0
        var attributes: [String: [UInt8]] = [:]
        var size = 0
        /// Blocks of 4 KiB that are not all zeros.
        var blocks: [Int: [UInt8]] = [:]
        /// ns since 1970; not of folders.
        var time: Int64 = 0
        /// In which layer it was made.
        var layer: Int
    }

    static let blockSize = 4096
    /// By path, "" for the root folder.
    private(set) var names: [String: Int] = ["": 0]
    private(set) var inodes: [Int: Inode] = [0: Inode(kind: .folder, mode: 0o755, layer: 0)]
    private var last = 0
    /// The layer that is being made.
    var layer = 0

    subscript(_ path: String) -> Inode {
        get { inodes[names[path]!]! }
        set { inodes[names[path]!] = newValue }
    }

    func has(_ path: String) -> Bool { names[path] != nil }

    mutating func add(_ path: String, _ kind: Kind, mode: UInt32, time: Int64) {
        last += 1
        names[path] = last
        inodes[last] = Inode(kind: kind, mode: mode, time: time, layer: layer)
    }

    mutating func link(_ from: String, _ to: String) { names[to] = names[from] }

    mutating func rename(_ from: String, _ to: String) { names[to] = names.removeValue(forKey: from) }

    /// The name and what is below it.
    mutating func remove(_ path: String) {
        names = names.filter { $0.key != path && !$0.key.hasPrefix("\(path)/") }
        let used = Set(names.values)
        inodes = inodes.filter { used.contains($0.key) }
    }

    mutating func write(_ path: String, at offset: Int, _ bytes: [UInt8]) {
        var inode = self[path]
        for (index, byte) in bytes.enumerated() {
            let place = offset + index
            inode.blocks[place / Self.blockSize, default: [UInt8](repeating: 0, count: Self.blockSize)][place % Self.blockSize] = byte
        }
        inode.size = max(inode.size, offset + bytes.count)
        self[path] = inode
    }

    mutating func truncate(_ path: String, _ size: Int) {
        var inode = self[path]
        inode.size = size
        let end = size / Self.blockSize
        inode.blocks = inode.blocks.filter { $0.key <= end }
        if let tail = inode.blocks[end] {
            inode.blocks[end] = Array(tail[..<(size % Self.blockSize)]) + [UInt8](repeating: 0, count: Self.blockSize - size % Self.blockSize)
        }
        self[path] = inode
    }

    func count(ofLinksTo path: String) -> Int { names.values.count { $0 == names[path] } }

    var folders: [String] { names.keys.filter { self[$0].kind == .folder }.sorted() }
    /// All but folders.
    var leaves: [String] { names.keys.filter { self[$0].kind != .folder }.sorted() }
}
