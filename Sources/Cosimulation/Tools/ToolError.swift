import Diagnostics

/// A problem with an outside tool.
package enum ToolError: Diagnostic, Equatable {
    /// The tool is not installed; `install` is the command that installs it.
    case missing(tool: String, install: String)
    /// An environment variable names something that is no program.
    case misnamed(variable: String, path: String)
    /// The tool ran and failed.
    case failed(command: String, status: Int32, output: String)

    /// What is missing or failed, with the command that installs it.
    package var description: String {
        switch self {
        case .missing(let tool, let install):
            "\(tool) was not found. Install it with: \(install)"
        case .misnamed(let variable, let path):
            "\(variable) is '\(path)', which is no program; set it to a path of one, or unset it"
        case .failed(let command, let status, let output):
            "\(command) ended with status \(status):\n\(output.suffix(4000))"
        }
    }

    /// Something has to be installed or set on this machine.
    package var exitStatus: ExitStatus { .environment }
}
