// Does `shiftsim quantize` write a model that the simulator runs as the same integers, report what it did, and leave
// nothing behind when it fails?
import Configuration
import Flows
import Foundation
import NetworkReaders
import Networks
import Reports
import TestSupport
import Testing

@Suite struct QuantizeTests {
    static let schemes = [
        ["quantization.scheme=n-bq"], ["quantization.scheme=n-bq", "quantization.weight_bits=1"],
        ["quantization.scheme=lightnn-1"], ["quantization.scheme=lightnn-2"], ["quantization.scheme=flightnn"],
        ["quantization.scheme=flightnn", "quantization.residual_threshold=0.1", "quantization.prune_threshold=0.01"],
        ["quantization.scheme=fixed", "quantization.weight_bits=8"],
        ["quantization.scheme=lightnn-1", "quantization.wide_first_and_last=true"],
    ]

    private func simulate(_ workplace: Scratch, _ changes: [String]) throws -> SimulationOutcome {
        let configuration = try Configuration.load(
            path: workplace.write("tiny.yaml", Self.configuration), assignments: changes.map { ConfigAssignment($0) })
        return try Flow.simulate(SimulationRequest(configuration, directory: nil))
    }

    /// The tiny network without a `quantization` section.
    static let configuration = """
        version: 1
        network: {model: tiny, weights: synthetic, input: {images: synthetic, count: 2}}
        array: {family: vector, pe: svpe, outputs: 8, inputs: 8, pixels: 1}
        buffers: {ifmap_kib: 16, weight_kib: 16, ofmap_kib: 16}
        run: {mode: functional, check: true, threads: 1}

        """

    @Test(arguments: schemes, ["svpe", "vpe"])
    func theSimulatorRunsTheModelAsTheSameIntegers(scheme: [String], pe: String) throws {
        let workplace = try Scratch()
        let images = ["quantization.calibration=synthetic", "quantization.calibration_method=percentile"]
        let assignments = (scheme + images).map { ConfigAssignment($0) }
        let model = workplace.path("model.onnx")
        _ = try Flow.quantize(ModelExportRequest(model: "tiny", output: model, assignments: assignments))
        #expect(try workplace.contents() == ["model.onnx"])
        let array = ["array.pe=\(pe)"] + (pe == "svpe" ? ["array.weight_bits=4"] : [])
        let direct = try simulate(workplace, scheme + images + array)
        let stored = try simulate(
            workplace, ["network.model=\(model)", "quantization.scheme=as-is"] + array)
        #expect(direct.isCorrect && stored.isCorrect)
        #expect(stored.report.functional?.outputSha256 == direct.report.functional?.outputSha256)
        #expect(stored.report.cycles == direct.report.cycles)
    }

    /// A filter of two terms takes two passes of the lanes, one of one term one, whatever the width of a term; an output
    /// group takes those of its longest filter.
    @Test(arguments: 3...5)
    func twoTermsTakeTwiceTheSteps(bits: Int) throws {
        let workplace = try Scratch()
        func layers(_ scheme: String) throws -> [LayerSection] {
            let changes = ["quantization.scheme=\(scheme)", "quantization.weight_bits=\(bits)"]
            return try simulate(workplace, changes).report.layers.filter { $0.kind == "convolution" }
        }
        var doubled = 0
        for (one, two) in zip(try layers("lightnn-1"), try layers("lightnn-2")) {
            let filters = try #require(two.filtersByTerms)
            let passes = filters[1] + 2 * filters[2]
            #expect(two.filterPasses == passes && one.filterPasses == one.filtersByTerms?[1])
            #expect(two.computeCycles * filters.reduce(0, +) >= one.computeCycles * passes)
            #expect(two.computeCycles <= 2 * one.computeCycles)
            if filters[0] + filters[1] == 0 {
                doubled += 1
                #expect(two.computeCycles == 2 * one.computeCycles)
            }
        }
        // Of three bits every layer has a filter whose second terms are all zero.
        #expect(doubled > 0 || bits == 3)
    }

    @Test func theReportCountsStorageAsThePapersDo() throws {
        let workplace = try Scratch()
        func report(_ assignments: String...) throws -> ModelExportReport {
            try Flow.quantize(
                ModelExportRequest(
                    model: "tiny", output: workplace.path("m.onnx"),
                    assignments: assignments.map { ConfigAssignment($0) }))
        }
        let three = try report("quantization.weight_bits=3")
        #expect(three.storage?.bitsPerWeight == 3)
        #expect(three.storage?.compressionFromFixed == 16.0 / 3)
        let storage = try #require(three.storage)
        #expect(storage.floatBits == 32 * storage.weights && storage.compressionFromFloat == 32.0 / 3)
        let inner = three.layers.compactMap(\.weights).dropFirst().dropLast().reduce(0, +)
        #expect(storage.withoutFirstAndLast?.weights == inner && storage.withoutFirstAndLast?.bits == 3 * inner)
        #expect(three.text.contains("float32 bits / quantized bits: "))
        let one = try report("quantization.scheme=lightnn-1")
        #expect(one.storage?.bitsPerWeight == 4)
        let filters = try #require(one.filters)
        #expect(filters.byTerms[0] == 0 && filters.byTerms[2] == 0 && filters.passes == filters.byTerms[1])
        let two = try report("quantization.scheme=lightnn-2")
        #expect(two.storage?.bitsPerWeight == 8)
        #expect(two.filters?.passes == 2 * filters.passes)
        let mixed = try report("quantization.scheme=flightnn", "quantization.mean_terms=1.5")
        let bits = try #require(mixed.storage?.bitsPerWeight)
        #expect(bits > 5.8 && bits < 6.3, "4 bits times 1.5 terms, and two bits a filter: \(bits)")
        for report in [three, one, two, mixed] {
            #expect(report.layers.filter { $0.weights != nil }.allSatisfy { ($0.weightCosine ?? 0) > 0.9 })
            #expect(report.layers.allSatisfy { $0.outputSqnrDb == nil || $0.outputCosine != nil })
        }
        let quality = try [one, mixed, two].map { try #require($0.layers[0].weightSqnrDb) }
        #expect(quality[0] <= quality[1] && quality[1] <= quality[2] && quality[0] < quality[2])
    }

    @Test func modelsOfQONNXAreWritten() throws {
        let workplace = try Scratch()
        let report = try Flow.quantize(
            ModelExportRequest(model: "tiny", output: workplace.path("m.onnx"), isQONNX: true))
        #expect(report.model.format == "qonnx")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: workplace.path("m.onnx")))
        #expect(bytes.count == report.model.bytes)
        #expect(bytes.range(of: Data("qonnx.custom_op.general".utf8)) != nil)
    }

    // MARK: the command

    @Test func theCommandPrintsTheReport() throws {
        let workplace = try Scratch()
        let arguments = ["quantize", "tiny", "-o", "m.onnx", "--scheme", "flightnn", "--activation-bits", "8"]
        let text = try Program.run(arguments, in: workplace)
        #expect(text.code == 0, "\(text.errors)")
        #expect(text.output.contains("tiny: flightnn, 4-bit weights, 8-bit activations"))
        #expect(text.output.contains("filter passes"))
        let json = try Program.run(arguments + ["--json"], in: workplace)
        let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(report?["schema"] as? String == "shiftsim.quantize/1")
        #expect(try workplace.contents() == ["m.onnx"])
        let again = try Program.run(["networks", "m.onnx"], in: workplace)
        #expect(again.code == 0 && again.output.contains("block.conv2"))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var arguments: String
        var part: String
        var testDescription: String { arguments }
    }

    static let failing = [
        Case(arguments: "lenet -o m.onnx", part: "MODEL: network.model: 'lenet' is no built-in network"),
        Case(arguments: "none.onnx -o m.onnx", part: "none.onnx: no such file"),
        Case(arguments: "text.onnx -o m.onnx", part: "truncated or of another format"),
        Case(arguments: "text.onnx -o text.onnx", part: "text.onnx: is the model itself (-o)"),
        Case(arguments: "tiny -o m.txt", part: "m.txt: is no name of a model (-o); accepted: a path ending in .onnx"),
        Case(arguments: "tiny -o none/m.onnx", part: "none/m.onnx: the file cannot be written (-o)"),
        Case(arguments: "tiny -o folder.onnx", part: "folder.onnx: is a folder (-o)"),
        Case(arguments: "tiny", part: "Missing expected argument"),
        Case(
            arguments: "tiny -o m.onnx --scheme ternary",
            part: "--scheme: quantization.scheme: is 'ternary'; accepted: n-bq, lightnn-1, lightnn-2, flightnn, fixed"),
        Case(
            arguments: "tiny -o m.onnx --weight-bits 6",
            part: "--weight-bits: quantization.weight_bits: is '6'; accepted for scheme n-bq: 1...5"),
        Case(
            arguments: "tiny -o m.onnx --scheme lightnn-2 --weight-bits 2",
            part: "--weight-bits: quantization.weight_bits: is '2'; accepted for scheme lightnn-2: 3...5"),
        Case(
            arguments: "tiny -o m.onnx --activation-bits 12",
            part: "--activation-bits: quantization.activation_bits: is '12'; accepted: 8, 16"),
        Case(
            arguments: "tiny -o m.onnx --calibrate none.png",
            part: "--calibrate: quantization.calibration: 'none.png' is no file or folder"),
        Case(arguments: "tiny -o m.onnx --calibrate text.onnx", part: "a file of unknown type"),
        Case(arguments: "tiny -o m.onnx --format tflite", part: "--format: is 'tflite'; accepted: onnx, qonnx"),
        Case(
            arguments: "tiny -o m.onnx --set array.inputs=8",
            part: "--set array.inputs: has no meaning here; accepted: keys of network and quantization"),
        Case(
            arguments: "tiny -o m.onnx --set quantization.mean_terms=1.5",
            part: "--set quantization.mean_terms: quantization.mean_terms: only for scheme flightnn"),
    ]

    @Test(arguments: failing)
    func wrongUseFailsCleanly(_ item: Case) throws {
        let workplace = try Scratch()
        try workplace.write("text.onnx", "no model\n")
        try FileManager.default.createDirectory(
            atPath: workplace.path("folder.onnx"), withIntermediateDirectories: true)
        let result = try Program.run(
            ["quantize"] + item.arguments.split(separator: " ").map(String.init), in: workplace)
        #expect(result.code == 2, "\(result.errors)")
        #expect(result.errors.contains(item.part), "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(try workplace.contents() == ["folder.onnx", "text.onnx"])
        #expect(try workplace.read("text.onnx") == "no model\n")
    }
}
