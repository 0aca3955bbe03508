// The rows as a table of the documents.

extension Report {
    /// The table of all keys in docs/guide/Report.md.
    package static var fieldTable: String {
        let rows = fields.all.map { field in
            let full = field.isOnlyInFull && field.parts.isEmpty ? "; mode `full`" : ""
            return "| `\(field.path)` | \(field.unit) | \(field.help)\(full) |"
        }
        return (["| key | unit | meaning |", "|---|---|---|"] + rows).joined(separator: "\n") + "\n"
    }
}
