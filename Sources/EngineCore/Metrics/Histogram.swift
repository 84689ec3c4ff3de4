/// How long things took, in the classes that Prometheus' own libraries begin with.
public struct Histogram: Sendable, Equatable {
    /// Upper bounds, in seconds.
    public static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// Of each class alone; the last one is for what is longer.
    public private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
    /// Seconds, all together.
    public private(set) var sum = 0.0

    public mutating func add(seconds: Double) {
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }
}
