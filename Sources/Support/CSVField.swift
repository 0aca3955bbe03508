#if MUTANTS
    import Mutants
#endif

/// Fields of comma-separated tables (RFC 4180).
package enum CSVField {
    /// A field, in quotation marks where it needs them.
    package static func text(_ value: String) -> String {
        #if MUTANTS
            if isPlanted("csv-quotes") { return value.contains(",") ? "\"" + value + "\"" : value }
        #endif
        guard value.contains(where: { ",\"\n\r".contains($0) }) else { return value }
        return "\"" + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
