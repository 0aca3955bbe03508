// Does every configuration key reach the resolved file and the hash, and does the resolved file give the same run?

import Configuration
import Energy
import Flows
import Foundation
import NetworkReaders
import Preparation
import Reports
import TestSupport
import Testing

@Suite struct ConfigKeyTests {
    /// A key with a value other than its default, and what else has to be set for that to be legal.
    struct Case: CustomTestStringConvertible, Sendable {
        var key: String
        var value: String
        var companions: [String]
        var testDescription: String { "\(key)=\(value)" }
    }

    static func set(_ key: String, _ value: String, with companions: String...) -> Case {
        Case(key: key, value: value, companions: companions)
    }

    static let pictures = "network.input.images=images.npy"
    static let trained = ["network.model=resnet20-fmnist", "array.outputs=32", "array.inputs=32"]
    static let convolver = "array.family=convolver"
    static let multiplying = ["array.pe=vpe", "quantization.scheme=fixed", "quantization.weight_bits=8"]
    static let dram = "memory.model=ddr4-2133"
    static let flight = "quantization.scheme=flightnn"
    static let traced = "trace.file=run.fst"

    static let network = [
        set("network.model", "tiny.onnx"), set("network.seed", "2"),
        Case(key: "network.weights", value: "synthetic", companions: trained + ["buffers.weight_kib=64"]),
        set("network.input.images", "images.npy"), set("network.input.count", "3"), set("network.input.first", "2"),
        set("network.input.seed", "2"), set("network.input.labels", "labels.txt", with: pictures),
        set("network.input.mean", "[0.4]", with: pictures, "network.input.mean=[0.5]", "network.input.std=[0.25]"),
        set(
            "network.input.std", "[0.2, 0.25, 0.3]", with: pictures, "network.input.mean=[0.5]",
            "network.input.std=[0.25]"),
    ]

    static let quantization = [
        set("quantization.scheme", "lightnn-2"), set("quantization.weight_bits", "4"),
        set("quantization.activation_bits", "8"), set("quantization.thresholds", "nearest"),
        set("quantization.wide_first_and_last", "true"), set("quantization.mean_terms", "1.2", with: flight),
        set("quantization.residual_threshold", "1.1", with: flight),
        set("quantization.prune_threshold", "0.5", with: flight, "quantization.residual_threshold=1.1"),
        set("quantization.calibration", "images.npy"), set("quantization.calibration_images", "2"),
        set("quantization.calibration_method", "mse"),
        set("quantization.calibration_method", "max", with: "network.model=tiny.onnx", "quantization.scheme=as-is"),
        set("quantization.weight_bits", "4", with: "network.model=tiny.onnx", "quantization.scheme=as-is"),
        set("quantization.percentile", "90", with: "quantization.calibration_method=percentile"),
        set("quantization.activation_scale", "multiplier"), set("quantization.cache", "false"),
    ]

    static let array = [
        set("array.family", "convolver"), set("array.pe", "vpe"), set("array.outputs", "4"), set("array.inputs", "4"),
        set("array.pixels", "2"), set("array.kernel", "5", with: convolver),
        set("array.taps", "[3]", with: convolver, "array.kernel=5"), set("array.row_length", "64", with: convolver),
        set("array.column_adders", "lut", with: convolver), set("array.terms", "2"), set("array.weight_bits", "4"),
        set("array.accumulator_bits", "40"), set("array.pre_activation", "true"), set("array.dilation", "true"),
        Case(key: "array.sum", value: "cascade", companions: multiplying),
        Case(key: "array.cascade", value: "2", companions: multiplying + ["array.sum=cascade"]),
        Case(key: "array.packing", value: "int8", companions: multiplying + ["quantization.activation_bits=8"]),
    ]

    static let others = [
        set("device.part", "xcu250"), set("device.allow_overflow", "true"), set("clock_mhz", "100"),
        set("buffers.ifmap_kib", "32"),
        set("buffers.weight_kib", "32"), set("buffers.ofmap_kib", "32"), set("buffers.psum_kib", "64", with: convolver),
        set("memory.model", "ideal"), set("memory.ports", "1"), set("memory.port_mhz", "100"),
        set("memory.weight_beat_bytes", "16"), set("memory.weight_beat_bytes", "16", with: dram),
        set("memory.burst_bytes", "128", with: dram), set("memory.path_ns", "250", with: dram),
        set("memory.latency_ns", "500"), set("memory.bandwidth_gb_s", "1.5"), set("memory.stall_seed", "7"),
        set("schedule.search", "first-fit"), set("schedule.input", "plain"), set("host.fully_connected", "true"),
        set("run.mode", "full"), set("activity.nets", "true", with: "run.mode=full"), set("energy.table", "mine.csv"),
        set("run.check", "false"),
        set("run.threads", "2"), set("run.array_images", "2", with: "network.input.count=3"),
        set("trace.file", "run.fst"), set("trace.taps", "[\"array.*\"]", with: traced),
        set("trace.taps", "[\"array.*\"]"), set("trace.window", "[0, 50]", with: traced),
        set("trace.layers", "[conv1]", with: traced),
    ]

    static var cases: [Case] { network + quantization + array + others }

    /// Keys with one accepted value.
    static let constant = ["version"]

    @Test func everyKeyHasACase() {
        let tested = Set(Self.cases.map(\.key)).union(Self.constant)
        #expect(ConfigTable.keys.map(\.path).filter { !tested.contains($0) } == [])
        for key in ConfigTable.keys where Self.constant.contains(key.path) {
            #expect(key.accepted == "1", "\(key.path) has more than one value")
        }
    }

    @Test(arguments: cases)
    func everyKeyIsResolvedAndHashed(_ item: Case) throws {
        let workplace = try prepared()
        let file = workplace.path("tiny.yaml")
        func run(_ changes: [String]) throws -> (report: Report, text: String) {
            let assignments = changes.map { ConfigAssignment(workplace.absolute($0)) }
            let configuration = try Configuration.load(path: file, assignments: assignments)
            let outcome = try Flow.simulate(SimulationRequest(configuration, directory: workplace.path("out")))
            return (outcome.report, try workplace.read("out/config.resolved.yaml"))
        }
        let plain = try run(item.companions)
        let files = try contents(workplace.path("out"))
        try FileManager.default.removeItem(atPath: workplace.path("out"))
        let changed = try run(item.companions + ["\(item.key)=\(item.value)"])
        #expect(plain.text != changed.text, "the resolved file does not show the key")
        let key = try #require(ConfigTable.keys.first { $0.path == item.key })
        let mayChange = key.affectsResults
        #expect((plain.report.configHash != changed.report.configHash) == mayChange)
        if !mayChange {
            // The trace is what its own keys change.
            let others: Set = ["config.resolved.yaml", ".shiftsim"]
            func isResult(_ name: String) -> Bool { !others.contains(name) && !name.hasSuffix(".fst") }
            let now = try contents(workplace.path("out"))
            #expect(now.filter { isResult($0.key) } == files.filter { isResult($0.key) })
        }

        let path = try workplace.write("resolved.yaml", changed.text)
        let again = try Flow.simulate(
            SimulationRequest(try Configuration.load(path: path), directory: workplace.path("again")))
        #expect(again.report.configHash == changed.report.configHash)
        let (first, second) = (try contents(workplace.path("out")), try contents(workplace.path("again")))
        #expect(first.keys.sorted() == second.keys.sorted())
        for (name, data) in first { #expect(second[name] == data, "\(name) differs") }
    }

    /// The defaults of a run, too, are in its resolved file.
    @Test func normalizationIsResolved() throws {
        let workplace = try prepared()
        let configuration = try Configuration.load(
            path: workplace.path("tiny.yaml"), assignments: [ConfigAssignment(workplace.absolute(Self.pictures))])
        _ = try Flow.simulate(SimulationRequest(configuration, directory: workplace.path("out")))
        let text = try workplace.read("out/config.resolved.yaml")
        #expect(text.contains("mean: [0.485, 0.456, 0.406]") && text.contains("std: [0.229, 0.224, 0.225]"))
        #expect(text.contains("accumulator_bits: 3"))
    }

    /// Labels change the accuracy that a report has, so they are in the hash.
    @Test func labelsAreHashed() throws {
        let workplace = try Scratch()
        let pixels = (0..<3 * 32 * 32).map { UInt8(truncatingIfNeeded: $0) }
        let prints = try [UInt8(1), 2].map { label in
            try workplace.file("images.bin", [label] + pixels)
            let text = """
                version: 1
                network: {model: resnet20-cifar10, input: {images: images.bin}}
                quantization: {calibration_images: 1}

                """
            let configuration = try Configuration.load(path: try workplace.write("net.yaml", text))
            return try PreparedNetwork.prepare(configuration.network, configuration.quantization).fingerprint
        }
        #expect(prints[0] != prints[1])
    }

    /// Every file of a folder of results, less what a run does not repeat: the simulator's figures.
    private func contents(_ folder: String) throws -> [String: Data] {
        var result: [String: Data] = [:]
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        for name in names where name != "report.txt" {
            var isFolder: ObjCBool = false
            let path = "\(folder)/\(name)"
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            result[name] = name == "report.json" ? try withoutSimulator(data) : data
        }
        return result
    }

    private func withoutSimulator(_ report: Data) throws -> Data {
        var object = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
        object["simulator"] = nil
        return try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    }

    /// A folder with the tiny configuration, pictures of the tiny network's shape, a model file, the trained weights.
    private func prepared() throws -> Scratch {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let pixels = (0..<8 * 3 * 8 * 8).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) }
        try NpyWriter.write(
            NpyArray(shape: [8, 3, 8, 8], elements: .uint8(pixels)), to: workplace.path("images.npy"))
        try workplace.write("mine.csv", EnergyTable.builtIn.scaling(.flipFlopToggle, by: 1.1).csv)
        try workplace.write("labels.txt", "0\n1\n2\n3\n4\n5\n6\n7\n")
        _ = try Flow.quantize(ModelExportRequest(model: "tiny", output: workplace.path("tiny.onnx")))
        try FileManager.default.createSymbolicLink(
            at: workplace.url.appendingPathComponent("models"),
            withDestinationURL: Repository.root.appendingPathComponent("configs/models"))
        return workplace
    }
}

extension Scratch {
    /// An assignment with the files of this folder by absolute path.
    func absolute(_ assignment: String) -> String {
        ["images.npy", "tiny.onnx", "labels.txt", "mine.csv"].reduce(assignment) {
            $0.replacingOccurrences(of: "=\($1)", with: "=\(path($1))")
        }
    }
}
