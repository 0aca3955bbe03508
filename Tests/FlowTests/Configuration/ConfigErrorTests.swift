// Does every wrong key and value give an error that names line, column, key and what is accepted?

import Configuration
import Diagnostics
import Networks
import TestSupport
import Testing

@Suite struct ConfigErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var line: String
        var replacement: String
        /// "LINE:COLUMN" in the changed file.
        var place: String
        var parts: [String]
        var kind = InputError.Kind.invalid
        var testDescription: String { replacement.isEmpty ? "no \(line)" : replacement }
    }

    static func bad(
        _ line: String, _ replacement: String, _ place: String, _ parts: String..., kind: InputError.Kind = .invalid
    ) -> Case {
        Case(line: line, replacement: replacement, place: place, parts: parts, kind: kind)
    }

    static let keys = [
        bad("clock_mhz: 200", "clock: 200", "11:1", "clock: unknown key", "clock_mhz"),
        bad("  inputs: 8", "  inpts: 8", "16:3", "array.inpts: unknown key", "accepted: family, pe, outputs, inputs"),
        bad("device: {part: xczu9eg", "device: {prt: xczu9eg", "10:10", "device.prt: unknown key", "part"),
        bad("  pixels: 1", "  inputs: 16", "17:3", "inputs: duplicate key"),
        bad("clock_mhz: 200", "version: 1", "11:1", "version: duplicate key"),
        bad("run: {mode: functional,", "run: {mode: functional, mode: full,", "21:25", "mode: duplicate key"),
        bad("clock_mhz: 200", "<<: {a: 1}", "11:1", "<<: unknown key"),
        bad("version: 1\n", "", "1:1", "version: missing", "accepted: 1"),
        bad("version: 1", "version: 2", "1:10", "version: is '2'", "accepted: 1 (integer)"),
        bad("  model: tiny", "  seed: 1", "3:3", "network.model: missing", "resnet20-fmnist"),
        bad("buffers: {ifmap_kib: 16, weight_kib: 16, ofmap_kib: 16}", "buffers: 16", "18:10", "buffers: is '16'"),
        bad("memory: {model: fixed, ports: 2, port_mhz: 200}", "memory: [fixed]", "19:9", "memory: is a list"),
        bad("host: {fully_connected: false}", "host:", "20:6", "host: is empty", "a mapping"),
    ]

    static let sums = [
        bad(
            "  inputs: 8", "  inputs: 8\n  sum: chain", "17:8", "array.sum: is 'chain'", "tree, cascade"),
        bad(
            "  inputs: 8", "  inputs: 8\n  sum: cascade", "17:8", "array.sum: is cascade; a svpe lane has no DSP48E2",
            "accepted: tree"),
        bad(
            "  inputs: 8", "  inputs: 8\n  cascade: 4", "17:12", "array.cascade: is a key of array.sum cascade"),
    ]

    /// On lanes that multiply, and with chains that leave inputs over.
    @Test(arguments: [
        (["array.cascade=3"], "array.cascade: is 3; a chain has a part of the 8 inputs", "auto, 1, 2, 4, 8"),
        (["array.cascade=16"], "array.cascade: is 16;", "auto, 1, 2, 4, 8"),
        (["array.cascade=0"], "array.cascade: is '0'", "1...64"),
        (["array.family=convolver"], "array.sum: is cascade; family convolver", "accepted: tree"),
    ])
    func cascadesFitTheArray(settings: [String], message: String, accepted: String) throws {
        let scratch = try Scratch()
        let file = try scratch.write("tiny.yaml", Texts.tiny)
        let multiplying = [
            "array.pe=vpe", "quantization.scheme=fixed", "quantization.weight_bits=8", "array.sum=cascade",
        ]
        let error = #expect(throws: InputError.self) {
            try Configuration.load(path: file, assignments: (multiplying + settings).map { ConfigAssignment($0) })
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(message) && text.contains(accepted), "\(text)")
    }

    /// Two products take an even number of outputs, bytes, and a slice of the vector family that multiplies.
    @Test(arguments: [
        (
            ["array.outputs=7"], "array.packing: is int8; two outputs share a DSP48E2, and array.outputs is 7",
            "none, or"
        ),
        (
            ["quantization.activation_bits=16"], "array.packing: is int8; quantization.activation_bits is 16",
            "none, or quantization.activation_bits 8"
        ),
        (
            ["quantization.weight_bits=4"], "array.packing: is int8; weights have 4 bits",
            "quantization.weight_bits 8, or array.weight_bits 8"
        ),
        (["array.pe=svpe", "array.weight_bits=4"], "array.packing: is int8; a svpe lane has no DSP48E2", "none"),
        (["array.family=convolver"], "array.packing: is int8; a family convolver cell", "none"),
        (["array.packing=int4"], "array.packing: is 'int4'", "none, int8"),
        (
            ["array.sum=cascade", "array.cascade=8"],
            "array.cascade: is 8; a chain has a part of the 8 inputs, all chains alike, and with array.packing int8 at most 7",
            "auto, 1, 2, 4"
        ),
    ])
    func packedProductsFitTheArray(settings: [String], message: String, accepted: String) throws {
        let scratch = try Scratch()
        let file = try scratch.write("tiny.yaml", Texts.tiny)
        let packing = [
            "array.pe=vpe", "quantization.scheme=fixed", "quantization.weight_bits=8", "quantization.activation_bits=8",
            "array.packing=int8",
        ].filter { one in !settings.contains { $0.hasPrefix(one.prefix { $0 != "=" } + "=") } }
        let error = #expect(throws: InputError.self) {
            try Configuration.load(path: file, assignments: (packing + settings).map { ConfigAssignment($0) })
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(message) && text.contains(accepted), "\(text)")
    }

    static let values = [
        bad("  outputs: 8", "  outputs: 0", "15:12", "array.outputs: is '0'", "1...64"),
        bad("  outputs: 8", "  outputs: -8", "15:12", "array.outputs: is '-8'", "1...64"),
        bad("  outputs: 8", "  outputs: 65", "15:12", "array.outputs: is '65'", "1...64"),
        bad("  outputs: 8", "  outputs: eight", "15:12", "array.outputs: is 'eight'", "(integer)"),
        bad("  outputs: 8", "  outputs: 8.0", "15:12", "array.outputs: is '8.0'", "(integer)"),
        bad("  outputs: 8", "  outputs: \"8\"", "15:12", "array.outputs: is '8'", "(integer)"),
        bad("  outputs: 8", "  outputs: [8]", "15:12", "array.outputs: is a list"),
        bad("  outputs: 8", "  outputs: 99999999999999999999", "15:12", "array.outputs: is '9999", "1...64"),
        bad("clock_mhz: 200", "clock_mhz: .nan", "11:12", "clock_mhz: is '.nan'", "1...775"),
        bad("clock_mhz: 200", "clock_mhz: nan", "11:12", "clock_mhz: is 'nan'", "(number)"),
        bad("clock_mhz: 200", "clock_mhz: .inf", "11:12", "clock_mhz: is '.inf'", "1...775"),
        bad("clock_mhz: 200", "clock_mhz: 0", "11:12", "clock_mhz: is '0'", "1...775"),
        bad("clock_mhz: 200", "clock_mhz: 0x10", "11:12", "clock_mhz: is '0x10'"),
        bad("  outputs: 8", "  outputs: 08", "15:12", "array.outputs: is '08'", "1...64", "as in JSON"),
        bad("check: true", "check: yes", "21:32", "run.check: is 'yes'", "true, false"),
        bad("threads: 1", "array_images: 2", "21:52", "run.array_images: is 2, network.input.count is 1", "1...1"),
        bad("threads: 1", "threads: 0", "21:47", "run.threads: is '0'", "1...256"),
        bad("count: 1", "count: 0", "5:37", "network.input.count: is '0'", "1...100000"),
        bad("first: 0", "first: -1", "5:47", "network.input.first: is '-1'"),
        bad("first: 0", "first: 1e30", "5:47", "network.input.first: is '1e30'"),
        bad("seed: 1}", "seed: 1, mean: [0.5]}", "5:65", "network.input.mean", "given together"),
        bad("seed: 1}", "seed: 1, mean: [a], std: [1]}", "5:66", "network.input.mean", "an element is 'a'"),
        bad("seed: 1}", "seed: 1, mean: [0], std: [0]}", "5:76", "network.input.std", "an element is '0'"),
        bad("images: synthetic", "images: nothing.npy", "5:19", "network.input.images", "no file", "fashion-mnist"),
        bad("  model: tiny", "  model: lenet", "3:10", "network.model: 'lenet'", "resnet20-fmnist"),
        bad("  model: tiny", "  model: net.onnx", "4:12", "network.weights: only for built-in networks"),
        bad(
            "  weights: synthetic", "  weights: trained", "4:12", "network.weights: is 'trained'",
            "accepted for tiny: synthetic"),
        bad("  model: tiny", "  model: ''", "3:10", "network.model: is ''"),
        bad(
            "part: xczu9eg", "part: xc7z020", "10:16", "device.part: is 'xc7z020'",
            "accepted: xczu9eg, xczu7ev, xck26, xcu250, xc7z045"),
        bad("ifmap_kib: 16", "ifmap_kib: 0", "18:22", "buffers.ifmap_kib: is '0'", "1...8192"),
    ]

    static let quantization = [
        bad("  weight_bits: 3", "  weight_bits: 6", "8:16", "quantization.weight_bits: is '6'", "1...5"),
        bad("  weight_bits: 3", "  weight_bits: 0", "8:16", "quantization.weight_bits: is '0'", "1...16"),
        bad("  scheme: n-bq", "  scheme: fixed", "8:16", "quantization.weight_bits: is '3'", "scheme fixed: 4, 8, 16"),
        bad(
            "  weight_bits: 3", "  weight_bits: auto", "8:16", "weight_bits: is 'auto'", "scheme n-bq: 1...5 (integer)"),
        bad(
            "  scheme: n-bq", "  scheme: ternary", "7:11", "scheme: is 'ternary'",
            "accepted: n-bq, lightnn-1, lightnn-2, flightnn, fixed, as-is"),
        bad(
            "  scheme: n-bq\n  weight_bits: 3", "  scheme: lightnn-2\n  weight_bits: 2", "8:16",
            "quantization.weight_bits: is '2'", "3...5 (integer)"),
        bad("  weight_bits: 3", "  mean_terms: 1.5", "8:15", "quantization.mean_terms: only for scheme flightnn"),
        bad("  weight_bits: 3", "  mean_terms: 2.5", "8:15", "quantization.mean_terms: is '2.5'", "1...2 (number)"),
        bad("  weight_bits: 3", "  residual_threshold: -1", "8:23", "residual_threshold: is '-1'", "0...1000"),
        bad("  weight_bits: 3", "  prune_threshold: .inf", "8:20", "prune_threshold: is '.inf'", "0...1000"),
        bad(
            "  scheme: n-bq\n  weight_bits: 3", "  scheme: flightnn\n  prune_threshold: 1", "8:20",
            "quantization.prune_threshold: needs residual_threshold too"),
        bad(
            "  scheme: n-bq\n  weight_bits: 3", "  scheme: flightnn\n  mean_terms: 1.2\n  residual_threshold: 1",
            "8:15",
            "quantization.mean_terms: not together with residual_threshold"),
        bad(
            "  scheme: n-bq\n  weight_bits: 3", "  scheme: as-is\n  wide_first_and_last: true", "8:24",
            "quantization.wide_first_and_last: true is not for scheme as-is"),
        bad(
            "  weight_bits: 3", "  calibration_method: min", "8:23", "calibration_method: is 'min'",
            "max, percentile, kl, mse"),
        bad(
            "  weight_bits: 3", "  percentile: 99", "8:15",
            "quantization.percentile: only for calibration_method percentile"),
        bad("  weight_bits: 3", "  percentile: 101", "8:15", "quantization.percentile: is '101'", "50...100 (number)"),
        bad("  activation_bits: 16", "  activation_bits: 12", "9:20", "activation_bits: is '12'", "8, 16"),
        bad(
            "  weight_bits: 3", "  weight_bits: 2\n  thresholds: fixed-fraction", "9:15", "quantization.thresholds",
            "weight_bits 3 only"),
        bad("  weight_bits: 3", "  thresholds: best", "8:15", "quantization.thresholds: is 'best'", "nearest"),
        bad("  weight_bits: 3", "  calibration: none.png", "8:16", "quantization.calibration", "no file"),
        bad("  weight_bits: 3", "  calibration_images: 0", "8:23", "calibration_images: is '0'", "1...1000"),
    ]

    /// On family `convolver`.
    static func convolver(
        _ replacement: String, _ place: String, _ parts: String..., kind: InputError.Kind = .invalid
    ) -> Case {
        Case(
            line: "  family: vector", replacement: "  family: convolver\n" + replacement, place: place, parts: parts,
            kind: kind)
    }

    static let convolvers = [
        convolver("  kernel: 4", "14:11", "array.kernel: is '4'", "3, 5, 7, 11"),
        convolver("  taps: 3", "14:9", "array.taps: is '3'", "3, 5, 7, 11"),
        convolver("  taps: [4]", "14:10", "array.taps: an element is '4'", "3, 5, 7, 11"),
        convolver("  taps: [3, 3]", "14:9", "array.taps: 3 is given twice", "each kernel once"),
        convolver("  kernel: 5\n  taps: [3, 11]", "15:9", "array.taps: 11 lies outside array.kernel 5"),
        convolver("  row_length: 0", "14:15", "array.row_length: is '0'", "1...4096"),
        convolver("  dilation: true", "14:13", "array.dilation: is true; family convolver", "auto, false"),
        convolver("  column_adders: carry", "14:18", "array.column_adders: is 'carry'", "dsp, lut"),
    ]

    static let hardware = [
        bad("  pe: svpe", "  pe: pe", "14:7", "array.pe: is 'pe'", "svpe, vpe"),
        bad("  family: vector", "  family: systolic", "13:11", "array.family: is 'systolic'", "vector, convolver"),
        bad("  pixels: 1", "  kernel: 3", "17:11", "array.kernel: is a key of family convolver"),
        bad("  pixels: 1", "  taps: [3]", "17:9", "array.taps: is a key of family convolver"),
        bad("  pixels: 1", "  row_length: 64", "17:15", "array.row_length: is a key of family convolver"),
        bad("  pixels: 1", "  column_adders: lut", "17:18", "array.column_adders: is a key of family convolver"),
        bad("ofmap_kib: 16", "ofmap_kib: 16, psum_kib: 1", "18:67", "buffers.psum_kib: is a key of array.family"),
        bad("  pe: svpe", "  pe: vpe\n  terms: 2", "15:10", "array.terms: is 2; a vpe lane multiplies once", "1"),
        bad("  pixels: 1", "  terms: 3", "17:10", "array.terms: is '3'", "1...2"),
        bad("  pixels: 1", "  pre_activation: maybe", "17:19", "array.pre_activation: is 'maybe'", "auto, true, false"),
        bad("  pixels: 1", "  dilation: 2", "17:13", "array.dilation: is '2'", "auto, true, false"),
        bad("  pixels: 1", "  weight_bits: 6", "17:16", "array.weight_bits: is 6", "1...5 for svpe"),
        bad("  pe: svpe", "  pe: vpe\n  weight_bits: 3", "15:16", "array.weight_bits: is 3", "4, 8, 16 for vpe"),
        bad("  pixels: 1", "  accumulator_bits: 49", "17:21", "array.accumulator_bits: is '49'", "16...48"),
        bad(
            "model: fixed", "model: ddr4-2233", "19:17", "memory.model: is 'ddr4-2233'", "did you mean 'ddr4-2133'?",
            "accepted: ideal, fixed, ddr4-2133, ddr4-2133-x16, ddr4-2133-x8, ddr4-2400-x16, ddr4-2400-x8"),
        bad("port_mhz: 200", "burst_bytes: 256", "19:47", "memory.burst_bytes: is a key of the ddr4 models: remove it"),
        bad("model: fixed", "model: ideal, path_ns: 9", "19:33", "memory.path_ns: is a key of the ddr4 models"),
        bad(
            "model: fixed", "model: ddr4-2133, stall_seed: 5", "19:40",
            "memory.stall_seed: is a key of models ideal and fixed: remove it"),
        bad(
            "model: fixed", "model: ddr4-2400-x8, latency_ns: 200", "19:43",
            "memory.latency_ns: is a key of model fixed: remove it"),
        bad(
            "model: fixed", "model: ddr4-2133, burst_bytes: 96", "19:41", "memory.burst_bytes: is '96'",
            "64, 128, 256, 512, 1024, 2048, 4096"),
        bad(
            "port_mhz: 200", "weight_beat_bytes: 24", "19:53", "memory.weight_beat_bytes: is '24'",
            "auto, 1, 2, 4, 8, 16, 32, 64, 128 (integer)"),
        bad("model: fixed,", "model: ideal, latency_ns: 5,", "19:36", "memory.latency_ns: is a key of model fixed"),
        bad("ports: 2", "ports: 5", "19:31", "memory.ports: is '5'", "1...4"),
        bad("port_mhz: 200", "port_mhz: 400", "19:44", "memory.port_mhz: is '400'", "1...333"),
        bad("port_mhz: 200", "bandwidth_gb_s: -1", "19:50", "memory.bandwidth_gb_s: is '-1'"),
        bad("fully_connected: false", "fully_connected: 1", "20:25", "host.fully_connected: is '1'", "true, false"),
        bad("mode: functional", "mode: fast", "21:13", "run.mode: is 'fast'", "full, functional, timing"),
        bad("run: {", "trace: {}\nrun: {", "21:8", "trace.file: missing", ".fst"),
        bad("run: {", "trace: {file: a.txt}\nrun: {", "21:15", "trace.file: is 'a.txt'", ".fst, .vcd or .vcd.gz"),
        bad("run: {", "trace: {file: a.fst, window: [9, 3]}\nrun: {", "21:30", "trace.window", "[0, 20000]"),
        bad("run: {", "trace: {file: a.fst, taps: ['a..b']}\nrun: {", "21:29", "trace.taps", "patterns"),
    ]

    @Test(arguments: keys + values + sums + quantization + hardware + convolvers)
    func errorNamesPlaceKeyAndWhatIsAccepted(_ item: Case) throws {
        let workplace = try Scratch()
        let text = try #require(Texts.tiny(item.line, item.replacement))
        let file = try workplace.write("bad.yaml", text)
        let error = #expect(throws: InputError.self) { try Configuration.load(path: file) }
        #expect(error?.place == "\(file):\(item.place)")
        #expect(error?.kind == item.kind)
        for part in item.parts { #expect(error?.message.contains(part) == true, "\(error?.message ?? "")") }
    }

    @Test(arguments: [
        ("array: [1, 2", "not valid YAML"), ("a: b: c\n", "not valid YAML"), ("- version\n", "is a list"),
        ("just words\n", "is 'just words'"), ("", "is empty"), ("\tversion: 1\n", "not valid YAML"),
        ("version: 1\nnetwork: &a {model: *a}\n", "not valid YAML"),
        ("version: !!int 1\n", "has the tag 'tag:yaml.org,2002:int'"),
    ])
    func textThatIsNoMappingIsAnError(text: String, part: String) throws {
        let workplace = try Scratch()
        let file = try workplace.write("bad.yaml", text)
        let error = #expect(throws: InputError.self) { try Configuration.load(path: file) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.place.hasPrefix(file) == true)
    }

    @Test func lanesAreLimited() throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let sizes = ["array.outputs=64", "array.inputs=64", "array.pixels=8"].map { ConfigAssignment($0) }
        let error = #expect(throws: InputError.self) { try Configuration.load(path: file, assignments: sizes) }
        #expect(error?.description.contains("32768 lanes; accepted: up to 16384") == true)
        #expect(error?.place == "--set array.outputs")
    }

    @Test func weightsAreNoWiderThanActivations() throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let changes = ["array.pe=vpe", "array.weight_bits=16", "quantization.activation_bits=8"]
        let error = #expect(throws: InputError.self) {
            try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        }
        #expect(error?.description.contains("array.weight_bits: 16-bit weights with quantization") == true)
    }

    @Test(arguments: [
        ("array.inputs", "has no '='"), ("=3", "'' is no key"), ("array..inputs=3", "is no key"),
        ("array.inputs=", "has no value"), ("array.inputs=[", "not valid YAML"),
        ("array.inputs.x=3", "accepted: a mapping"), ("array=3", "array: is '3'"),
        ("arrays.inputs=3", "arrays: unknown key"), ("clock_mhz={a: 1}", "clock_mhz: is a mapping"),
    ])
    func wrongAssignmentIsAnError(text: String, part: String) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let error = #expect(throws: InputError.self) {
            try Configuration.load(path: file, assignments: [ConfigAssignment(text)])
        }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.place.hasPrefix("--set") == true)
    }
}
