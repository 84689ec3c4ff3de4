import Glibc

/// Tells the kernel objects of one daemon from those of another on the same host: eight hexadecimal digits that
/// depend on the data root alone, so that the next daemon on the same data finds what is its own.
enum Mark {
    static func of(_ dataRoot: String) -> String {
        var path = dataRoot
        if let real = realpath(dataRoot, nil) {
            path = String(cString: real)
            free(real)
        }
        // FNV-1a; no secret.
        let hash = path.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
