import Diagnostics
import Foundation
import Output

/// Standard output for results, standard error for everything else.
enum Console {
    /// Shows a line. Where standard error takes no more there is nobody to tell: the line is lost, and nothing else.
    static func message(_ text: String) { note(text + "\n") }

    /// The same without the end of the line, for a line that is drawn over.
    static func note(_ text: String) { _ = StandardStreams.write(Data(text.utf8), to: STDERR_FILENO) }

    /// Puts results on standard output. Where that is full or closed the program ends here with a message and status 2,
    /// without one where the reader of a pipe has gone: nothing is left to do for a command that cannot answer, and what
    /// goes into files is there by then.
    static func result(_ data: Data) {
        switch StandardStreams.write(data, to: STDOUT_FILENO) {
        case nil: return
        case .readerGone: Leftovers.end(ExitStatus.readerGone.rawValue)
        case .refused(let reason):
            message("shiftsim: cannot write standard output: \(reason)")
            Leftovers.end(ExitStatus.wrongInput.rawValue)
        }
    }

    /// Puts text on standard output.
    static func result(_ text: String) { result(Data(text.utf8)) }
}
