/// The version of this program, as in reports.
package enum ToolVersion {
    /// Semantic version.
    package static let text = "0.1.0"
}
