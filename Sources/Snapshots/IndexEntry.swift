public import DriverKit

/// One line of the index: "c 1k 1j 2r5t6z…": state, number, parent's number ("-": none) and creation in ns, base 36.
public struct IndexEntry: Equatable, Sendable {
    public var state: Snapshot.State
    /// Of its folder.
    public var number: Int
    /// nil: the empty tree.
    public var parent: Int?
    /// ns since 1970.
    public var created: Int64

    init(state: Snapshot.State, number: Int, parent: Int?, created: Int64) {
        self.state = state
        self.number = number
        self.parent = parent
        self.created = created
    }

    init?(_ text: String) {
        let fields = text.split(separator: " ")
        guard fields.count == 4, let state = Self.states[String(fields[0])], let number = Int(fields[1], radix: 36),
            let created = Int64(fields[3], radix: 36)
        else { return nil }
        if fields[2] == "-" {
            parent = nil
        } else {
            guard let parent = Int(fields[2], radix: 36) else { return nil }
            self.parent = parent
        }
        self.state = state
        self.number = number
        self.created = created
    }

    var text: String {
        let letter =
            switch state {
            case .active: "a"
            case .view: "v"
            case .committed: "c"
            }
        let below = parent.map { String($0, radix: 36) } ?? "-"
        return "\(letter) \(String(number, radix: 36)) \(below) \(String(created, radix: 36))"
    }

    private static let states: [String: Snapshot.State] = ["a": .active, "v": .view, "c": .committed]
}
