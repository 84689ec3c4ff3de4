import LinuxSystem

/// An open file or folder that several values hold.
final class OpenFile: Sendable {
    private let descriptor: OwnedFD
    init(_ descriptor: consuming OwnedFD) { self.descriptor = descriptor }
    var raw: Int32 { descriptor.raw }
}
