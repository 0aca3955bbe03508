// The one error type of this module: what failed, where, and why, in a form a user can act on.

import Diagnostics

/// An error of a trace writer, a trace reader or one of the trace tools.
public enum WaveformError: Error, Equatable, Sendable {
    /// The operating system refused an operation on a file (`action`: "create", "open", "write", "read", ...).
    case file(action: String, path: String, reason: String)
    /// The file is not a well-formed trace; `reason` says what was found and, where known, at which byte.
    case malformed(path: String, reason: String)
    /// The file is legal, but uses something this reader does not model.
    case unsupported(path: String, reason: String)
    /// The caller's hierarchy, option, pattern or call order is not valid.
    case invalid(String)
}

extension WaveformError: Diagnostic {
    /// A trace that cannot be read or written is wrong input.
    package var exitStatus: ExitStatus { .wrongInput }

    /// The message shown to a user, one line.
    public var description: String {
        switch self {
        case .file(let action, let path, let reason): "cannot \(action) '\(path)': \(reason)"
        case .malformed(let path, let reason): "'\(path)' is not a readable trace: \(reason)"
        case .unsupported(let path, let reason): "'\(path)' is not supported: \(reason)"
        case .invalid(let message): message
        }
    }
}
