/// Rows in columns as wide as their widest cell and three spaces, as Docker prints them. The last column is not padded.
struct Table {
    var header: [String]
    var rows: [[String]] = []
    /// The least width of a column with its spaces.
    static let leastWidth = 10

    var text: String {
        let all = (header.isEmpty ? [] : [header]) + rows
        var widths = [Int](repeating: 0, count: all.map(\.count).max() ?? 0)
        for row in all {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count + 3, Self.leastWidth) }
        }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count) }
            }
            return line + "\n"
        }.joined()
    }
}
