// Does the program end with the right exit code and message, and leave nothing behind when it fails?

import Foundation
import TestSupport
import Testing

@Suite struct CommandLineTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var arguments: [String]
        var code: Int32
        var part: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static func run(_ arguments: String, _ code: Int32, _ part: String) -> Case {
        Case(arguments: arguments.split(separator: " ").map(String.init), code: code, part: part)
    }

    static let failing = [
        run("simulate none.yaml -o out", 2, "none.yaml: no such file"),
        run("simulate folder -o out", 2, "folder: is a folder"),
        run("simulate binary.yaml -o out", 2, "is not UTF-8 text"),
        run("simulate tiny.yaml -o out --set array.inputs=0", 2, "--set array.inputs: array.inputs: is '0'"),
        run("simulate tiny.yaml -o out --set array.inputs", 2, "has no '='"),
        run("simulate tiny.yaml -o out --mode quick", 2, "--mode: run.mode: is 'quick'"),
        run(
            "simulate tiny.yaml -o out --mode timing --trace a.fst", 2,
            "--trace: trace.file: needs a run that computes data; accepted with run.mode full, functional"),
        run("simulate tiny.yaml -o out --window 5", 2, "--window: is '5'; accepted: FROM:TO"),
        run("simulate tiny.yaml -o out --window 5:9", 2, "trace.file: missing"),
        run("simulate tiny.yaml -o out --taps compute.*", 2, "--taps: needs a file: --trace"),
        run("simulate tiny.yaml -o out --trace x.txt", 2, "trace.file: is"),
        run(
            "simulate tiny.yaml -o out --trace x.vcd --layers conv9", 2,
            "'conv9' is no layer (did you mean 'conv1'?); accepted: conv1, "),
        run("simulate tiny.yaml -o out --trace none/x.vcd", 2, "none/x.vcd"),
        run("simulate tiny.yaml -o file.txt", 2, "file.txt: the folder cannot be written"),
        run("simulate tiny.yaml -o file.txt/out", 2, "file.txt/out: the folder cannot be written"),
        run("simulate tiny.yaml -o /dev/null/out", 2, "/dev/null/out: the folder cannot be written"),
        run(
            "simulate tiny.yaml -o out --set network.model=cut.onnx --set network.weights=synthetic", 2,
            "network.weights: only for built-in"),
        run("simulate tiny.yaml -o out --set network.model=cut.onnx", 2, "truncated or of another format"),
        run("simulate onnx.yaml -o out --set network.model=cut.onnx", 2, "truncated or of another format"),
        run("simulate onnx.yaml -o out --set network.model=none.onnx", 2, "none.onnx: no such file"),
        run("simulate onnx.yaml -o out --set network.model=folder.onnx", 2, "not a regular file"),
        run("simulate onnx.yaml -o out --set network.model=odd.onnx", 2, "Einsum"),
        run("simulate tiny.yaml -o out --set network.input.images=folder", 2, "the folder has no .png files"),
        run(
            "simulate tiny.yaml -o out --set network.input.images=image.npy", 2,
            "images of 1x4x4; the network's input is 3x8x8"),
        run("simulate tiny.yaml -o out --set network.input.images=cut.npy", 2, "does not match the"),
        run("simulate tiny.yaml -o out --set network.input.images=file.txt", 2, "a file of unknown type"),
        run("simulate tiny.yaml -o out --set network.input.images=fashion-mnist", 2, "the network's input is 3x8x8"),
        run(
            "simulate tiny.yaml -o out --set quantization.scheme=as-is --set array.pe=svpe", 2,
            "array.weight_bits: missing"),
        run(
            "simulate tiny.yaml -o out --set array.accumulator_bits=16", 2,
            "array.accumulator_bits: is 16; layer conv1"),
        run(
            "simulate tiny.yaml -o out --set buffers.ofmap_kib=4096 --set array.outputs=64", 3,
            "does not fit xczu9eg: it needs"),
        run("estimate tiny.yaml --set buffers.ofmap_kib=4096 --set array.outputs=64", 3, "RAMB36 of 912"),
        run(
            "emit-rtl tiny.yaml -o out --set device.part=xc7z045", 2,
            "--set device.part: unsupported: device.part: xc7z045 has DSP48E1 and RAMB36E1, the text instantiates DSP48E2 "
                + "and RAMB36E2; accepted: xczu9eg, xczu7ev, xck26, xcu250\n"),
        run("estimate none.yaml", 2, "no such file"),
        run("sweep none.yaml -o out", 2, "no such file"),
        run("sweep sweep.yaml -o out --jobs 0", 2, "--jobs: is 0; accepted: 1...256"),
        run("sweep sweep.yaml -o file.txt", 2, "file.txt: the folder cannot be written"),
        run("networks lenet", 2, "'lenet' is not a built-in network"),
        run("networks none.onnx", 2, "no such file"),
        run("networks tiny --passes", 2, "--passes: 'tiny' is no model file"),
        run("networks --passes", 2, "--passes: needs a model file"),
        run("trace info none.fst", 2, "none.fst"),
        run("trace info file.txt", 2, "is not a readable trace"),
        run("trace dump file.txt --radix octal", 2, "--radix: is 'octal'; accepted: binary"),
        run("trace dump file.txt --window 5:1", 2, "--window: is '5:1'"),
        run("trace convert file.txt a.txt", 2, "file.txt"),
        run("simulate", 2, "Missing expected argument"),
        run("simulate tiny.yaml --wrong", 2, "Unknown option '--wrong'"),
        run("paint tiny.yaml", 2, "paint"),
    ]

    @Test(arguments: failing)
    func wrongUseFailsCleanly(_ item: Case) throws {
        let workplace = try prepared()
        let before = try workplace.contents()
        let result = try Program.run(item.arguments, in: workplace)
        #expect(result.code == item.code, "\(result.errors)")
        #expect(result.errors.contains(item.part), "\(result.errors)")
        #expect(try workplace.contents() == before)
        if item.arguments[0] != "estimate" { #expect(result.output.isEmpty) }
    }

    /// A program away from its sources does not find the trained weights: exit code 4 and the remedy.
    @Test func whatIsNotInstalledIsNamed() throws {
        let workplace = try prepared()
        let original: URL = try #require(Program.executable)
        let copy = workplace.url.appendingPathComponent("folder/shiftsim")
        try FileManager.default.copyItem(at: original, to: copy)
        let text = "version: 1\nnetwork: {model: resnet20-fmnist, input: {images: synthetic}}\n"
        try workplace.write("trained.yaml", text)
        let result = try Program.run(["simulate", "trained.yaml", "-o", "out"], in: workplace, program: copy)
        #expect(result.code == 4, "\(result.errors)")
        #expect(result.errors.contains("resnet20-fmnist.onnx are not installed"))
        #expect(result.errors.contains("SHIFTSIM_MODELS"))
        #expect(!workplace.exists("out"))
        #expect(try Program.run(["doctor"], in: workplace, program: copy).code == 4)
    }

    /// The first Ctrl-C ends the run; what was finished is kept.
    @Test func interruptionEndsWith130() throws {
        let workplace = try prepared()
        let (files, arguments) = (try Scratch(), ["simulate", "tiny.yaml", "-o", "out", "--quiet", "--set"])
        let process = try Program.start(
            arguments + ["network.input.count=20000", "--set", "run.array_images=all"], in: workplace, files: files)
        try awaitFolder(workplace)
        usleep(1_500_000)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let report = try JSONDecoder().decode(Images.self, from: Data(try workplace.read("out/report.json").utf8))
        #expect((1..<20000).contains(report.network.images))
        #expect(try workplace.read("out/report.txt").hasPrefix("INTERRUPTED"))
    }

    private struct Images: Decodable {
        struct Network: Decodable { var images: Int }
        var network: Network
    }

    /// Waits until the program has begun: the folder that it fills is there.
    private func awaitFolder(_ workplace: Scratch) throws {
        for _ in 0..<400 where !workplace.exists(".shiftsim-new-out") { usleep(50_000) }
        #expect(workplace.exists(".shiftsim-new-out"))
    }

    @Test func helpAndVersionSucceed() throws {
        let workplace = try Scratch()
        for arguments in [["--help"], ["--version"], ["simulate", "--help"], ["networks"], ["networks", "tiny"]] {
            let result = try Program.run(arguments, in: workplace)
            #expect(result.code == 0)
            #expect(!result.output.isEmpty)
        }
    }

    /// Files that the cases name.
    private func prepared() throws -> Scratch {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let onnx = try #require(Texts.tiny("  model: tiny\n  weights: synthetic", "  model: none.onnx"))
        try workplace.write("onnx.yaml", onnx)
        try workplace.write("sweep.yaml", Texts.sweep)
        try workplace.write("file.txt", "text\n")
        let folders = ["folder", "folder.onnx"]
        for folder in folders {
            try FileManager.default.createDirectory(atPath: workplace.path(folder), withIntermediateDirectories: true)
        }
        try Data([0xFF, 0xFE, 0x80]).write(to: workplace.url.appendingPathComponent("binary.yaml"))
        try Data([0x08, 0x08, 0x3A, 0xFF]).write(to: workplace.url.appendingPathComponent("cut.onnx"))
        try SmallFiles.unsupportedModel.write(to: workplace.url.appendingPathComponent("odd.onnx"))
        try SmallFiles.array(channels: 1, height: 4, width: 4, missing: 0)
            .write(to: workplace.url.appendingPathComponent("image.npy"))
        try SmallFiles.array(channels: 3, height: 8, width: 8, missing: 4)
            .write(to: workplace.url.appendingPathComponent("cut.npy"))
        return workplace
    }
}
