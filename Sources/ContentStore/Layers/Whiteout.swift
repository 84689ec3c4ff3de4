/// The names by which a layer removes what lies below it. OCI image specification, layer.md#whiteouts.
enum Whiteout: Equatable {
    /// Removes this name, without NUL.
    case name(ArraySlice<CChar>)
    /// Removes everything below in its folder.
    case opaque
    /// Of AUFS, without meaning here.
    case metadata

    /// nil: a name like any other. `name` ends with NUL.
    init?(_ name: [CChar]) {
        let bytes = name.dropLast()
        guard bytes.starts(with: Self.prefix) else { return nil }
        if bytes.elementsEqual(Self.opaqueName) {
            self = .opaque
            return
        }
        self = bytes.starts(with: Self.prefix + Self.prefix) ? .metadata : .name(bytes.dropFirst(Self.prefix.count))
    }

    /// Whether it names an entry of its own folder.
    var isSound: Bool {
        guard case .name(let name) = self else { return true }
        return !name.isEmpty && !name.elementsEqual([0x2e]) && !name.elementsEqual([0x2e, 0x2e])
    }

    private static let prefix: [CChar] = ".wh.".utf8.map { CChar($0) }
    private static let opaqueName: [CChar] = ".wh..wh..opq".utf8.map { CChar($0) }
}

/// How an extractor carries out whiteouts.
enum WhiteoutStyle: Sendable {
    /// There is nothing below.
    case ignored
    /// The tree is an overlay's upper folder: character devices 0:0 and `trusted.overlay.opaque`. `lower`: the folders
    /// below, newest first.
    case overlay(lower: [String])
    /// The tree shows what is below: it is deleted.
    case deleting
}
