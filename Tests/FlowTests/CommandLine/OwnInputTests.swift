// Are a user's own models, images and labels taken as they are, and is every path that is wrong an error?

import Configuration
import Diagnostics
import Flows
import Foundation
import NetworkReaders
import Networks
import Preparation
import Reports
import Support
import TestSupport
import Testing

@Suite struct OwnInputTests {
    /// A folder with the tiny network as a model file without a normalization, and four images of bytes and floats.
    private func prepared(metadata: [String: String] = [:]) throws -> Scratch {
        let workplace = try Scratch()
        var network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 1))
        network.metadata = metadata
        try workplace.file("own.onnx", try ONNXWriter.data(network))
        let bytes = (0..<4 * 192).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        try NpyWriter.write(NpyArray(shape: [4, 3, 8, 8], elements: .uint8(bytes)), to: workplace.path("bytes.npy"))
        try NpyWriter.write(
            NpyArray(shape: [4, 3, 8, 8], elements: .float32(bytes.map { Float($0) })), to: workplace.path("floats.npy")
        )
        try workplace.write("own.yaml", Self.text)
        return workplace
    }

    static let text = """
        version: 1
        network: {model: own.onnx, input: {images: bytes.npy, count: 4}}
        quantization: {scheme: n-bq, weight_bits: 3}
        array: {pe: svpe, outputs: 8, inputs: 8}
        run: {mode: functional}

        """

    private func load(_ workplace: Scratch, _ input: String) throws -> Configuration {
        try Configuration.load(
            path: workplace.path("own.yaml"),
            assignments: input.split(separator: ";").map { ConfigAssignment("network.input.\($0)") })
    }

    private func images(_ workplace: Scratch, _ input: String = "") throws -> ImageSet {
        let configuration = try load(workplace, input)
        return try PreparedNetwork.prepare(configuration.network, configuration.quantization).images
    }

    // MARK: normalization

    /// Nobody says how: 0...255, as onnxruntime would get them.
    @Test func bytesStayAsTheyAreUnlessSomebodySaysOtherwise() throws {
        let own = try prepared()
        let bytes = (0..<192).map { Float(UInt8(truncatingIfNeeded: $0 &* 37)) }
        #expect(try images(own).images[0] == bytes)
        #expect(try images(own, "images=\(own.path("floats.npy"))").images[0] == bytes)
        let scaled = try images(own, "mean=[0.5];std=[0.25]").images[0]
        #expect(scaled == bytes.map { ($0 / 255 - 0.5) / 0.25 })
        let stated = try prepared(metadata: ["input_mean": "0.5", "input_std": "0.25"])
        #expect(try images(stated).images[0] == scaled)
        #expect(try images(stated, "mean=none;std=none").images[0] == bytes)
        #expect(try images(stated, "mean=[0];std=[1]").images[0] == bytes.map { $0 / 255 })
    }

    @Test(arguments: [
        ("", "none", "; pixels 0...255, taken as they are"),
        ("mean=[0.5];std=[0.25]", "[0.5]", "; inputs (pixel / 255 - mean) / std, mean [0.5], std [0.25]"),
        ("images=floats.npy", "none", "; floats, taken as they are"),
    ])
    func reportAndResolvedFileSayHow(input changed: String, mean: String, words: String) throws {
        let workplace = try prepared()
        let changes = changed.replacingOccurrences(of: "=floats.npy", with: "=" + workplace.path("floats.npy"))
        let outcome = try Flow.simulate(
            SimulationRequest(try load(workplace, changes), directory: workplace.path("out")))
        let input = try #require(outcome.report.network.input)
        #expect(input.hasSuffix(words), "\(input)")
        #expect(try workplace.read("out/config.resolved.yaml").contains("    mean: \(mean)\n"))
        // The report's lines are wrapped.
        let text = try workplace.read("out/report.txt").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text.contains(words), "\(text.prefix(600))")
    }

    /// Whatever the images are.
    @Test(
        arguments: ["bytes.npy", "floats.npy", "synthetic"],
        [("mean", "[0, 0]", "[1]"), ("std", "[0]", "[1, 1, 1, 1]")])
    func listsOfAnotherLengthAreErrors(images: String, lists: (key: String, mean: String, std: String)) throws {
        let workplace = try prepared()
        let source = images == "synthetic" ? images : workplace.path(images)
        let error = #expect(throws: InputError.self) {
            try self.images(workplace, "images=\(source);mean=\(lists.mean);std=\(lists.std)")
        }
        #expect(error?.place == "network.input.\(lists.key)")
        #expect(error?.message.hasSuffix("accepted: 1 or 3, for the network's input is 3x8x8") == true)
    }

    @Test(arguments: ["mean=[0]", "std=[1]", "mean=none", "mean=none;std=[1]", "mean=[0];std=none"])
    func meanAndStdComeTogether(input: String) throws {
        let workplace = try prepared()
        let error = #expect(throws: InputError.self) { try load(workplace, input) }
        #expect(error?.message.hasSuffix("needs the other one too: mean and std are given together") == true)
    }

    // MARK: labels

    private func write(labels: [Int], as name: String, _ workplace: Scratch) throws {
        func npy(_ elements: NpyArray.Elements) throws {
            try NpyWriter.write(NpyArray(shape: [labels.count], elements: elements), to: workplace.path(name))
        }
        switch name {
        case "int32.npy": try npy(.int32(labels.map { Int32($0) }))
        case "int64.npy": try npy(.int64(labels.map { Int64($0) }))
        case "uint8.npy": try npy(.uint8(labels.map { UInt8($0) }))
        case "labels.idx":
            try workplace.file(name, Data([0, 0, 8, 1, 0, 0, 0, UInt8(labels.count)] + labels.map { UInt8($0) }))
        case "names.txt": try workplace.write(name, labels.map { "c\($0)\r\n" }.joined() + "\n")
        default: try workplace.write(name, labels.map { "\($0)" }.joined(separator: "\n"))
        }
    }

    @Test(arguments: ["int32.npy", "int64.npy", "uint8.npy", "labels.idx", "labels.txt", "names.txt"])
    func labelsGiveTheAccuracy(_ name: String) throws {
        let workplace = try prepared(metadata: ["classes": (0..<10).map { "c\($0)" }.joined(separator: ",")])
        let plain = try Flow.simulate(SimulationRequest(try load(workplace, ""))).report
        #expect(plain.functional != nil && plain.functional?.labels == nil && plain.functional?.accuracy == nil)
        // One of three is wrong.
        var labels = [0] + (try #require(plain.functional)).top1[1...]
        labels[2] = (labels[2] + 1) % 10
        try write(labels: labels, as: name, workplace)
        let path = workplace.path(name)
        let report = try Flow.simulate(
            SimulationRequest(try load(workplace, "labels=\(path);first=1;count=3"), directory: workplace.path("out"))
        )
        .report
        #expect(report.functional?.labels == Array(labels[1...]))
        #expect(report.functional?.accuracy == 2.0 / 3)
        #expect(try workplace.read("out/config.resolved.yaml").contains("labels: \(path)\n"))
    }

    @Test(arguments: [
        ("3\n1\n2\n", "labels.txt", "has 3 labels; the images are 4: one label each"),
        ("3\n\n1\n2\n", "labels.txt:2", "'' is no class"), ("3\n10\n1\n2\n", "labels.txt:2", "accepted: 0...9"),
        (
            "3\nc1\ncc2\n1\n", "labels.txt:3",
            "'cc2' is no class (did you mean 'c2'?); accepted: 0...9 or a name of: c0, "
        ),
    ])
    func labelsThatDoNotGoWithTheImagesAreErrors(text: String, place: String, part: String) throws {
        let workplace = try prepared(metadata: ["classes": (0..<10).map { "c\($0)" }.joined(separator: ",")])
        let path = try workplace.write("labels.txt", text)
        let error = #expect(throws: InputError.self) { try images(workplace, "labels=\(path)") }
        #expect(
            error?.place.hasSuffix(place) == true && error?.message.contains(part) == true,
            "\(String(describing: error))")
    }

    // MARK: paths and variables

    /// Every key that names a file.
    @Test(arguments: [
        "network.model=none.onnx", "network.input.images=none.npy", "network.input.labels=none.txt",
        "quantization.calibration=none.npy", "trace.file=none/run.fst",
    ])
    func aPathThatIsWrongIsAnError(_ assignment: String) throws {
        let workplace = try prepared()
        let result = try Program.run(["simulate", "own.yaml", "--quiet", "--set", assignment], in: workplace)
        #expect(result.code == 2 && result.output.isEmpty)
        let path = try #require(assignment.split(separator: "=").last)
        #expect(result.errors.contains(path), "\(result.errors)")
    }

    /// The variables that name something, with a command that looks there.
    static let variables = [
        "SHIFTSIM_MODELS": "estimate own.yaml --set network.model=resnet20-fmnist",
        "SHIFTSIM_FASHION_MNIST": "estimate own.yaml --set network.input.images=fashion-mnist",
        "SHIFTSIM_VERILATOR": "cosim own.yaml --against verilator --cycles 1",
        "SHIFTSIM_CXX": "cosim own.yaml --against yosys --cycles 1",
        "SHIFTSIM_YOSYS": "cosim own.yaml --against yosys --cycles 1",
        "SHIFTSIM_PYTHON": "cosim own.yaml --against verilator --cycles 1",
        "SHIFTSIM_CACHE": "cosim own.yaml --against verilator --cycles 1",
        "SHIFTSIM_QUANTIZED": "estimate own.yaml",
    ]

    /// What no command runs: `doctor` says of them whether they are there.
    static let others = ["SHIFTSIM_FST2VCD", "SHIFTSIM_GTKWAVE", "SHIFTSIM_IVERILOG", "SHIFTSIM_VIVADO"]

    @Test func everyVariableHasACase() throws {
        var found: Set<String> = []
        let files = FileManager.default.enumerator(
            at: Repository.root.appendingPathComponent("Sources"), includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            found.formUnion(text.matches(of: /"(SHIFTSIM_[A-Z_]+)"/).map { String($0.output.1) })
        }
        found.formUnion(OutsideTool.allCases.map(\.variable))
        #expect(found.subtracting(Self.others) == Set(Self.variables.keys))
    }

    @Test(arguments: variables.keys.sorted())
    func aVariableThatIsWrongIsAnError(_ name: String) throws {
        let workplace = try prepared()
        let program: URL = try #require(Program.executable)
        let line = "\(name)=/dev/null/none '\(program.path)' \(Self.variables[name] ?? "")"
        let result = try Program.run(["-c", line], in: workplace, program: URL(fileURLWithPath: "/bin/sh"))
        #expect(result.code == 4, "\(result.errors)")
        #expect(result.errors.contains(name) && result.errors.contains("/dev/null/none"), "\(result.errors)")
    }

    // MARK: names

    /// A model for other tools keeps the names by which they feed and read it.
    @Test(arguments: ["onnx", "qonnx"], [("pixels", "logits"), ("conv1", "input"), ("fc.weight", "conv1")])
    func quantizeKeepsTheNamesOfInputAndOutput(format: String, names: (input: String, output: String)) throws {
        let workplace = try Scratch()
        var network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 1))
        network.borders = Network.Borders(input: names.input, inputRank: 4, output: names.output)
        let model = try workplace.file("own.onnx", try ONNXWriter.data(network))
        #expect(try ONNXReader.read(path: model).borders == network.borders)
        _ = try Flow.quantize(
            ModelExportRequest(model: model, output: workplace.path("out.onnx"), isQONNX: format == "qonnx"))
        #expect(try ONNXReader.read(path: workplace.path("out.onnx")).borders == network.borders)
    }

    /// [N, F] stays [N, F].
    @Test func quantizeKeepsTheRankOfTheInput() throws {
        let workplace = try Scratch()
        let weights = Weights(values: (0..<24).map { Float($0 - 12) / 8 })
        var network = Network(
            name: "flat", input: Shape(channels: 12, height: 1, width: 1),
            layers: [
                Layer(
                    name: "fc", kind: .fullyConnected(outputs: 2, weights: weights, bias: []),
                    inputs: [Network.inputName], output: Shape(channels: 2, height: 1, width: 1))
            ])
        network.borders = Network.Borders(input: "x", inputRank: 2, output: "y")
        let model = try workplace.file("own.onnx", try ONNXWriter.data(network))
        _ = try Flow.quantize(ModelExportRequest(model: model, output: workplace.path("out.onnx")))
        #expect(try ONNXReader.read(path: workplace.path("out.onnx")).borders == network.borders)
    }
}
