import Accelerator
import ArgumentParser
import Cosimulation
import Foundation
import Output

/// `scripts/bench kernel`: hidden, since it is for developers.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Speed of the kernel beside Verilator on the same design.",
        shouldDisplay: false)

    @Argument(help: "What to measure: kernel.")
    var subject: String

    @Option(help: "Rows of the 32-channel feature map.")
    var rows = 32

    @Option(help: "Repetitions, in turn.")
    var repetitions = 5

    func validate() throws {
        guard subject == "kernel" else { throw ValidationError("'\(subject.echoed)'; accepted: kernel") }
    }

    func run() throws {
        let svpe = ProcessingElement.svpe(weightBits: 3)
        let vpe = ProcessingElement.vpe(weightBits: 16)
        let designs: [(String, ProcessingElement, Bool)] = [
            ("16 x 16 array, svpe n=3, 16-bit", svpe, false), ("16 x 16 array, vpe 16-bit", vpe, false),
            ("8 x 32 convolvers of 3 x 3, svpe n=3, 16-bit", svpe, true),
            ("8 x 32 convolvers of 3 x 3, vpe 16-bit", vpe, true),
        ]
        for (name, element, isConvolver) in designs {
            let folder = try TemporaryFolder.make()
            let rows = try KernelBench(
                element: element, isConvolver: isConvolver, rows: rows, repetitions: repetitions
            ).run(in: folder.url)
            Console.result("\(name), whole machine, \(rows[0].cycles) cycles, best of \(repetitions), CPU time\n")
            for row in rows {
                let rate = String(format: "%.3f", row.laneUpdatesPerSecond / 1e9)
                let ratio = String(format: "%.2f", row.laneUpdatesPerSecond / rows[2].laneUpdatesPerSecond)
                let padded = row.name.padding(toLength: 28, withPad: " ", startingAt: 0)
                Console.result("  \(padded) \(rate) G lane-updates/s   \(ratio) x Verilator\n")
            }
        }
    }
}
