import ArgumentParser
import Diagnostics
import Flows

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "What is installed, what is missing, how to get it.")

    func run() throws {
        let doctor = Doctor.examine()
        Console.result(doctor.text)
        if !doctor.canRun { throw ExitCode(ExitStatus.environment) }
    }
}
