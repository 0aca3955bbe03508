// Errors to exit codes and messages (docs/guide/Config.md, "Exit codes").

import ArgumentParser
import Foundation
import NetworkReaders
import Networks
import RTLEmitter
import Waveforms
import Workflow

enum ExitStatus {
    static let checkFailed: Int32 = 1
    static let wrongInput: Int32 = 2
    static let doesNotFit: Int32 = 3
    static let environment: Int32 = 4
    /// A defect of this program (EX_SOFTWARE).
    static let defect: Int32 = 70
    static let interrupted: Int32 = 130

    /// Prints the message of an error and gives the exit code it stands for.
    static func report(_ error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        guard let (status, message) = known(error) else { return reportParserError(error) }
        Console.message("shiftsim: \(message)")
        return status
    }

    private static func known(_ error: any Error) -> (Int32, String)? {
        switch error {
        case let error as InputError: (wrongInput, error.description)
        case let error as WaveformError: (wrongInput, error.description)
        case let error as DoesNotFit: (doesNotFit, error.description)
        case let error as EnvironmentProblem: (environment, error.description)
        case let error as ToolError: (environment, error.description)
        case is MachineInterrupted: (interrupted, "interrupted before the first image was finished")
        default: nil
        }
    }

    /// Help and version go to standard output with status 0; wrong arguments are wrong input.
    private static func reportParserError(_ error: any Error) -> Int32 {
        let code = ShiftSim.exitCode(for: error)
        let text = ShiftSim.fullMessage(for: error)
        if code == .success {
            print(text)
            return 0
        }
        if code == .validationFailure {
            Console.message(text)
            return wrongInput
        }
        Console.message("shiftsim: internal defect: \(error)")
        return defect
    }
}
