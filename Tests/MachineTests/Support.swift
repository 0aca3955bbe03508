// Tools and folders of these tests, and a short way to run a network on an accelerator.

import Accelerator
import Design
import ExternalMemory
import Foundation
import Kernel
import Networks
import Observation
import RTLEmitter
import Schedule
import Testing

@testable import Workflow

/// Programs outside this package. Where one is missing its tests are skipped; on CI they run and fail.
enum Tools {
    static let environment = ProcessInfo.processInfo.environment
    static let isCI = environment["CI"] != nil
    /// SHIFTSIM_LONG=1: the tests that take many minutes.
    static let isLong = environment["SHIFTSIM_LONG"] == "1"
    static let hasVerilator = isCI || (try? Verilator()) != nil
    static let hasYosys = isCI || (try? CXXRTL()) != nil
    static let noVerilator: Comment = "Verilator was not found: set SHIFTSIM_VERILATOR or install it in .venv"
    static let noYosys: Comment = "Yosys or its headers were not found: apt-get install yosys-dev"

    /// The folder of the package: the one that has both Sources and Package.swift.
    static let package: URL = {
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }()

    static func find(_ name: String) -> String? {
        let folders = environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static let fst2vcd = find("fst2vcd")
    static let noFst2vcd: Comment = "fst2vcd was not found: apt-get install gtkwave"

    /// SHIFTSIM_PYTHON, or the virtual environment of the package.
    static let python: String? = {
        let candidate = environment["SHIFTSIM_PYTHON"] ?? package.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: candidate) ? candidate : nil
    }()
    static let hasReaders: Bool = {
        guard let python else { return isCI }
        return isCI || (try? run(python, ["-c", "import pywellen, pylibfst"]).code) == 0
    }()
    static let noReaders: Comment = "pywellen and pylibfst were not found: SHIFTSIM_PYTHON or .venv/bin/python"

    /// Runs a program; its output goes through a file, so that it can be of any length.
    static func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
        let folder = try Scratch()
        let target = folder.url.appendingPathComponent("output")
        try Data().write(to: target)
        let handle = try FileHandle(forWritingTo: target)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        try handle.close()
        return (process.terminationStatus, try String(contentsOf: target, encoding: .utf8))
    }
}

/// A folder that lasts as long as the value.
final class Scratch {
    let url: URL
    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// A network on an accelerator, ready to run.
struct Bench {
    let accelerator: Accelerator
    let network: QuantizedNetwork
    let compiled: CompiledNetwork
    var inputs: [IntegerTensor]
    var timing = MemoryTiming.ideal

    init(
        _ parameters: AcceleratorParameters, _ network: QuantizedNetwork, images: Int = 1, seed: UInt64 = 1,
        timing: MemoryTiming = .ideal
    ) throws {
        try self.init(try Accelerator(parameters), network, images: images, seed: seed, timing: timing)
    }

    /// On a design that is elaborated already.
    init(
        _ accelerator: Accelerator, _ network: QuantizedNetwork, images: Int = 1, seed: UInt64 = 1,
        timing: MemoryTiming = .ideal
    ) throws {
        self.accelerator = accelerator
        self.network = network
        compiled = try Scheduler.compile(network, for: accelerator.parameters)
        var random = SeededGenerator(seed: seed)
        inputs = (0..<images).map { _ in .random(network.input, bits: network.activationBits, &random) }
        self.timing = timing
    }

    func run(
        toggles: Bool = false, threads: Int = 1, trace: TraceRequest? = nil, keepsTensors: Bool = false
    ) throws -> MachineResult {
        try Machine.run(
            accelerator, compiled, inputs: inputs, timing: timing, clockMHz: 200,
            options: MachineOptions(
                countsToggles: toggles, threads: threads, trace: trace, keepsTensors: keepsTensors))
    }

    /// A simulation with its memory, started and not yet stepped.
    func simulation(_ options: PlanOptions) throws -> Simulation {
        let simulation = try Simulation(accelerator.design, options: options)
        simulation.attach(
            SimpleMemory(
                MemoryContents(compiled.memoryImage(input: inputs[0])), interface: accelerator.memory, timing: timing))
        simulation.start(accelerator.ports, compiled)
        return simulation
    }
}

extension AcceleratorParameters {
    /// Buffers by their depth in words.
    init(
        _ element: ProcessingElement, _ pixels: Int, _ inputs: Int, _ outputs: Int, activationBits: Int = 16,
        ifmap: Int = 512, weights: Int = 512, ofmap: Int = 512, terms: Int = 1
    ) {
        func bytes(_ words: Int, _ bits: Int) -> Int { (words * bits + 7) / 8 }
        self.init(
            element: element, size: ArraySize(pixels: pixels, inputs: inputs, outputs: outputs, terms: terms),
            activationBits: activationBits,
            buffers: BufferSizes(
                ifmapBytes: bytes(ifmap, pixels * inputs * activationBits),
                weightBytes: bytes(weights, inputs * outputs * element.weightBits * terms),
                ofmapBytes: bytes(ofmap, pixels * outputs * activationBits)))
    }

    /// The sizes of a convolver; nil on other families.
    var convolver: ConvolverParameters? {
        switch family {
        case .vector: nil
        case .convolver(let convolver): convolver
        }
    }
}

extension ArrayFamily {
    /// A vector family whose kernels may have columns that stand apart.
    static let dilating = ArrayFamily.vector(VectorParameters(dilates: true))
    static let plain = ArrayFamily.vector(VectorParameters())

    /// Family `convolver` where there is one, else `vector`.
    init(_ convolver: ConvolverParameters?) { self = convolver.map { .convolver($0) } ?? .plain }
}

extension IntegerTensor {
    /// Uniform over all values of the width.
    static func random(_ shape: Shape, bits: Int, _ random: inout SeededGenerator) -> IntegerTensor {
        let limit = Int32(1) << Int32(bits - 1)
        let values = (0..<shape.count).map { _ in Int32.random(in: -limit...limit - 1, using: &random) }
        return IntegerTensor(shape: shape, values: values)
    }
}
