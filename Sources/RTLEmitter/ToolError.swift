/// A problem with an outside tool.
public enum ToolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The tool is not installed; `install` is the command that installs it.
    case missing(tool: String, install: String)
    /// The tool ran and failed.
    case failed(command: String, status: Int32, output: String)

    public var description: String {
        switch self {
        case .missing(let tool, let install):
            "\(tool) was not found. Install it with: \(install)"
        case .failed(let command, let status, let output):
            "\(command) ended with status \(status):\n\(output.suffix(4000))"
        }
    }
}
