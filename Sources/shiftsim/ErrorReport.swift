// Errors to messages and exit statuses (docs/guide/Config.md, "Exit codes").

import ArgumentParser
import Diagnostics
import Foundation
import Output

enum ErrorReport {
    /// Prints the message of an error and gives the status that the program ends with.
    static func status(of error: any Error) -> Int32 {
        Leftovers.waitIfEnding()
        if let code = error as? ExitCode { return code.rawValue }
        if let error = error as? CocoaError { return status(of: input(error)) }
        guard let error = error as? any Diagnostic else { return reportParserError(error) }
        Console.message("shiftsim: \(error)")
        return error.exitStatus.rawValue
    }

    /// A file that the system refused, with its path and the system's reason.
    private static func input(_ error: CocoaError) -> InputError {
        let reason = (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
        return InputError(at: error.filePath ?? error.url?.path ?? "", reason ?? error.localizedDescription)
    }

    /// Help and version go to standard output with status 0; wrong arguments are wrong input.
    private static func reportParserError(_ error: any Error) -> Int32 {
        let code = ShiftSim.exitCode(for: error)
        let text = ShiftSim.fullMessage(for: error)
        if code == .success {
            Console.result(text + "\n")
            return ExitStatus.success.rawValue
        }
        if code == .validationFailure {
            Console.message(text.replacing(/'[^'\n]{201,}'/) { "'\($0.output.dropFirst().dropLast().echoed)'" })
            return ExitStatus.wrongInput.rawValue
        }
        return status(of: Defect("\(error)"))
    }
}

extension ExitCode {
    /// The code of a status.
    init(_ status: ExitStatus) { self.init(status.rawValue) }
}
