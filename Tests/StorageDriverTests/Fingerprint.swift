import TestSupport

/// Everything of a tree that must survive a copy, as another program sees it: one line for each name.
enum Fingerprint {
    /// Path, kind and permissions, owner, and, but for folders, size, time, device, contents and the first name of the
    /// same file.
    static func lines(_ root: String) -> [String] {
        Command.run(["python3", "-c", program, root]).output.split(separator: "\n").map(String.init)
    }

    private static let program = """
        import hashlib, os, stat, sys
        os.chdir(sys.argv[1])
        first = {}
        def attributes(path):
            return sorted((n, os.getxattr(path, n, follow_symlinks=False).hex()) for n in os.listxattr(path, follow_symlinks=False) if not n.startswith('trusted.overlay'))
        def show(path):
            s = os.lstat(path)
            facts = [repr(path), oct(s.st_mode), s.st_uid, s.st_gid, attributes(path)]
            if not stat.S_ISDIR(s.st_mode):
                facts += [s.st_mtime_ns, s.st_rdev, repr(first.setdefault((s.st_dev, s.st_ino), path))]
                if stat.S_ISLNK(s.st_mode): facts.append(os.readlink(path))
                if stat.S_ISREG(s.st_mode): facts += [s.st_size, hashlib.sha256(open(path, 'rb').read()).hexdigest()]
            print(*facts)
        def visit(path):
            show(path)
            if stat.S_ISDIR(os.lstat(path).st_mode):
                for name in sorted(os.listdir(path)): visit(path + '/' + name)
        visit('.')
        """
}
