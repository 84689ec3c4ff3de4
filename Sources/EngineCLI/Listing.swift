import EngineWire

/// A list that the user sees as a table, as JSON, or through a template.
struct Listing {
    struct Column: Sendable {
        /// The name in templates: "ID".
        var field: String
        var title: String
    }

    /// All fields that templates know, with the titles of their columns.
    var columns: [Column]
    /// The fields of the plain table.
    var shown: [String]
    /// One object a row.
    var rows: [JSONValue]

    /// - Parameter format: "", "table", "table …", "json" or a template.
    func print(format: String) throws {
        if format.isEmpty || format == "table" {
            let titles = shown.map { field in columns.first { $0.field == field }?.title ?? field.uppercased() }
            Output.write(Table(header: titles, rows: rows.map { row in shown.map { row[$0].string } }).text.utf8)
        } else if format == "json" {
            for row in rows { Output.line(row.text) }
        } else if format.hasPrefix("table ") {
            try table(String(format.dropFirst(6)))
        } else {
            let template = try Template.parse(format)
            for row in rows { Output.line(try Template.render(template, row)) }
        }
    }

    /// The titles go through the template like a row.
    private func table(_ format: String) throws {
        let template = try Template.parse(format)
        let titles = JSONValue.object(columns.map { .init(key: $0.field, value: .string($0.title)) })
        let cells = try ([titles] + rows).map { row in
            try Template.render(template, row).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        Output.write(Table(header: [], rows: cells).text.utf8)
    }
}
