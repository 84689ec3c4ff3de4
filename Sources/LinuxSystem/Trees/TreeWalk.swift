import CLinux
import Glibc

/// Looks at every folder of a tree.
public enum TreeWalk {
    /// Calls `body` with each folder, open and borrowed, and its inode's number, the root first and each before what lies in it. For a tree
    /// that nobody else changes. Follows no symbolic link.
    public static func folders(_ root: Int32, _ body: (_ folder: Int32, _ inode: UInt64) throws(Errno) -> Void) throws(Errno) {
        let cursor = try TreeCursor(root)
        var due: [[[CChar]]] = []
        try visit(cursor, &due, body)
        while !due.isEmpty {
            guard let name = due[due.count - 1].popLast() else {
                due.removeLast()
                if !due.isEmpty { try cursor.leave() }
                continue
            }
            guard try cursor.status(name).isFolder else { continue }
            try cursor.enter(name)
            try visit(cursor, &due, body)
        }
    }

    private static func visit(
        _ cursor: TreeCursor, _ due: inout [[[CChar]]], _ body: (_ folder: Int32, _ inode: UInt64) throws(Errno) -> Void
    ) throws(Errno) {
        var status = stat()
        if fstat(cursor.raw, &status) != 0 { throw Errno(Glibc.errno, "stat \(cursor.place())") }
        try body(cursor.raw, UInt64(status.st_ino))
        due.append(try FolderNames.list(cursor.raw))
    }
}
