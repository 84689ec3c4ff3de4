import LinuxSystem

/// The kernel's lists of CPUs or memory nodes: "0-2,7".
enum CPUSet {
    /// nil: it is none.
    static func parse(_ text: some StringProtocol) -> Set<Int>? {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0).map(Int.init) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else { return nil }
            numbers.formUnion(first...last)
        }
        return numbers
    }

    /// What this host has, as the kernel writes it; nil: it does not say.
    static func available(_ kind: String) -> String? {
        guard let bytes = try? Files.read("/sys/devices/system/\(kind)/online") else { return nil }
        return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
}
