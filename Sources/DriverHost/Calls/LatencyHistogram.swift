/// How long calls took, in classes that grow by an eighth of a power of two: a quantile is right to about 9 %.
struct LatencyHistogram: Sendable {
    /// Classes for 1 ns … 2^40 ns (18 minutes); what is longer counts as the last.
    private static let classes = 8 * 38
    private var counts: [UInt32] = []
    private var total = 0

    /// - Parameter time: ns.
    mutating func add(_ time: Int64) {
        if counts.isEmpty { counts = Array(repeating: 0, count: Self.classes) }
        counts[Self.number(max(time, 0))] &+= 1
        total += 1
    }

    /// The time (ns) that this share of the calls did not exceed; 0 without any call.
    func quantile(_ share: Double) -> Int64 {
        if total == 0 { return 0 }
        let wanted = max(1, Int((Double(total) * share).rounded(.up)))
        var seen = 0
        for (number, count) in counts.enumerated() {
            seen += Int(count)
            if seen >= wanted { return Self.upperBound(number) }
        }
        return Self.upperBound(Self.classes - 1)
    }

    /// The first 8 classes are single ns; then 8 for each power of two.
    private static func number(_ time: Int64) -> Int {
        if time < 8 { return Int(time) }
        let power = 63 - time.leadingZeroBitCount
        return min(8 * (power - 2) + Int(time >> (power - 3)) & 7, classes - 1)
    }

    private static func upperBound(_ number: Int) -> Int64 {
        if number < 8 { return Int64(number) }
        let power = number / 8 + 2
        return Int64(8 + number % 8 + 1) << (power - 3) - 1
    }
}
