import Accelerator
import ArgumentParser
import Configuration
import Cosimulation
import Flows
import Foundation
import Output
import Streams
import Support

/// One measurement of `scripts/bench`: hidden, since it is for developers.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "CPU time of one engine on one design, as JSON; for scripts/bench.",
        shouldDisplay: false)

    @Argument(help: "A configuration file, or vector or convolver: one 3x3 convolution on such an array.")
    var work: String

    @Option(help: "Engine: \(BenchEngine.allCases.map(\.rawValue).joined(separator: ", ")).")
    var engine = BenchEngine.plain.rawValue

    @Option(help: "What the engine streams computes with: \(Self.levels); by default the last one.")
    var kernels: String?

    @Flag(help: "Counts toggles of every register.")
    var toggles = false

    @Option(help: "Images, one after the other.")
    var images = 1

    @Option(help: "Of a lane: svpe or vpe.")
    var pe = "svpe"

    @Option(help: "Bits of a weight.")
    var weightBits = 3

    @Option(help: "Output channels of the array.")
    var outputs = 16

    @Option(help: "Input channels of the array.")
    var inputs = 16

    @Option(help: "Rows of the feature map.")
    var rows = 128

    @Option(help: ArgumentHelp("Makes Verilator's model there, and runs nothing else.", valueName: "folder"))
    var verilate: String?

    func validate() throws {
        guard BenchEngine(rawValue: engine) != nil else {
            let accepted = BenchEngine.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("'\(engine)' is no engine; accepted: \(accepted)")
        }
        if let kernels, level == nil {
            throw ValidationError("'\(kernels)' are no kernels of this processor; accepted: \(Self.levels)")
        }
        guard kernels == nil || engine == BenchEngine.streams.rawValue && verilate == nil else {
            throw ValidationError("--kernels is of the engine streams alone")
        }
        guard (1...1000).contains(images), (1...4096).contains(rows),
            (1...64).contains(outputs), (1...64).contains(inputs)
        else { throw ValidationError("accepted: 1...1000 images, 1...4096 rows, 1...64 inputs and outputs") }
    }

    private static var levels: String { RowLevel.available.map(\.key).joined(separator: ", ") }
    private var level: RowLevel? { RowLevel.available.first { $0.key == kernels }?.value }

    func run() throws {
        let bench = try bench()
        if let verilate {
            let folder = URL(fileURLWithPath: verilate, isDirectory: true)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            Console.result(try JSON.encode(try bench.verilate(in: folder)))
        } else if let engine = BenchEngine(rawValue: engine) {
            Console.result(try JSON.encode(try bench.measure(engine, countsToggles: toggles, rowLevel: level ?? .best)))
        }
    }

    private func bench() throws -> KernelBench {
        guard ["vector", "convolver"].contains(work) else {
            let image = "network.input={images: synthetic, count: \(images)}"
            return try Flow.bench(try Configuration.load(path: work, assignments: [ConfigAssignment(image)]))
        }
        let element: ProcessingElement = pe == "vpe" ? .vpe(weightBits: weightBits) : .svpe(weightBits: weightBits)
        let parameters = AcceleratorParameters(
            element: element,
            family: work == "convolver"
                ? .convolver(ConvolverParameters(kernel: 3, psumDepth: 2048)) : .vector(VectorParameters()),
            size: ArraySize(pixels: 1, inputs: inputs, outputs: outputs),
            activationBits: weightBits == 8 ? 8 : 16,
            buffers: BufferSizes(ifmapBytes: 256 << 10, weightBytes: 256 << 10, ofmapBytes: 256 << 10))
        return try KernelBench(parameters, rows: rows, images: images)
    }
}
