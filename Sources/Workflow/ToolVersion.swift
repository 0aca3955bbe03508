/// The version of this program, as in reports.
public enum ToolVersion {
    /// Semantic version.
    public static let text = "0.1.0"
}
