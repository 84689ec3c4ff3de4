/// Finds what somebody probably meant.
enum NearestName {
    /// `; did you mean "x"?`, or nothing when no name is near.
    static func hint(_ word: String, among names: some Sequence<String>, _ shown: (String) -> String = { $0 }) -> String {
        guard let name = find(word, among: names) else { return "" }
        return "; did you mean \"\(shown(name))\"?"
    }

    /// The name with the fewest edits, if these are few for the word's length.
    static func find(_ word: String, among names: some Sequence<String>) -> String? {
        let limit = max(2, word.count / 3)
        return names.sorted()
            .map { (name: $0, distance: distance(Array(word.lowercased().utf8), Array($0.lowercased().utf8))) }
            .filter { $0.distance <= limit && $0.distance < $0.name.utf8.count }
            .min { $0.distance < $1.distance }?.name
    }

    /// Edits (insert, delete, replace) that make `b` from `a`.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let replaced = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
