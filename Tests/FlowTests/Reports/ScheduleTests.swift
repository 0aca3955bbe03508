import Accelerator
import Configuration
import Flows
import Foundation
import Machine
import NetworkReaders
import Networks
import Preparation
import Reports
import Schedule
import Support
import TestSupport
import Testing

/// Is what `schedule` says of a layer what its program does?
@Suite struct ScheduleTests {
    /// Networks and arrays: both families, ragged tiles, groups, weights in parts, passes, several pixels, first-fit.
    enum Case: String, CaseIterable, Sendable {
        case tiny, firstFit, host, pixels, convolver, parts, streamParts, passes, grouped, preActivation

        var changes: [String] {
            let small = ["network.model=resnet20-cifar10", "buffers.weight_kib=1"]
            return switch self {
            case .tiny: []
            case .firstFit: ["schedule.search=first-fit"]
            case .host: ["host.fully_connected=true"]
            case .pixels: ["array.pixels=3", "buffers.ifmap_kib=8", "memory.model=ideal"]
            case .convolver: Case.grid
            case .parts: small
            case .streamParts: small + Case.grid
            case .passes: ["quantization.scheme=lightnn-2", "quantization.weight_bits=4"]
            case .grouped: ["network.model=FOLDER/grouped.onnx"]
            case .preActivation: ["network.model=FOLDER/affine.onnx"]
            }
        }

        private static let grid = [
            "array.family=convolver", "array.kernel=5", "array.taps=[3]", "device.allow_overflow=true",
        ]
    }

    /// A configuration's schedule and the program that it describes.
    private struct Scheduled {
        var report: ScheduleReport
        var build: Build
        var p: AcceleratorParameters { build.accelerator.parameters }

        var layers: [(layer: LayerDescription, plan: LayerPlan)] {
            Array(zip(report.layers, build.program.layers)).filter { !$0.1.isOnHost }
        }
    }

    /// A convolution of 16 channels: in two groups of 8, which fill the lanes one by one, or in one group behind an affine
    /// layer and a ReLU.
    private static func network(groups: Int) -> Network {
        let shape = Shape(channels: 16, height: 8, width: 8)
        let count: Int = 16 * (16 / groups) * 9
        let magnitudes: [Float] = [0.125, -0.25, 0.5, -1]
        let weights = (0..<count).map { magnitudes[$0 % 4] }
        let convolution = LayerKind.convolution(
            window: Window(kernel: 3, pad: 1), outputs: 16, groups: groups, weights: Weights(values: weights), bias: [])
        let scale = [Float](repeating: 0.5, count: 16)
        var kinds: [(name: String, kind: LayerKind)] = [("conv", convolution)]
        if groups == 1 {
            kinds.insert(contentsOf: [("affine", .affine(scale: scale, shift: scale)), ("relu", .relu)], at: 0)
        }
        var layers: [Layer] = []
        for (name, kind) in kinds {
            layers.append(
                Layer(name: name, kind: kind, inputs: [layers.last?.name ?? Network.inputName], output: shape))
        }
        return Network(name: "one", input: shape, layers: layers)
    }

    /// A configuration, and the folder of its files.
    private func arrange(_ changes: [String]) throws -> (scratch: Scratch, configuration: Configuration) {
        let scratch = try Scratch()
        try scratch.file("grouped.onnx", ONNXWriter.data(ScheduleTests.network(groups: 2)))
        try scratch.file("affine.onnx", ONNXWriter.data(ScheduleTests.network(groups: 1)))
        let file = try scratch.write("tiny.yaml", Texts.tiny)
        let changes = changes.map { $0.replacingOccurrences(of: "FOLDER", with: scratch.url.path) }
        return (scratch, try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) }))
    }

    private func schedule(_ changes: [String]) throws -> Scheduled {
        let (scratch, configuration) = try arrange(changes)
        return try withExtendedLifetime(scratch) {
            let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
            let build = try Hardware.elaborate(configuration, for: network.quantized).compile(configuration)
            return Scheduled(report: try Flow.schedule(configuration, layer: nil), build: build)
        }
    }

    // MARK: loops

    @Test(arguments: Case.allCases) func loopsTakeTheStepsOfTheProgram(_ use: Case) throws {
        let scheduled = try schedule(use.changes)
        #expect(!scheduled.layers.isEmpty)
        for (layer, plan) in scheduled.layers {
            #expect(layer.parts.reduce(0) { $0 + $1.steps } == plan.steps, "\(layer.name)")
            #expect(layer.parts.reduce(0) { $0 + $1.instructions } == plan.tiles, "\(layer.name)")
            for part in layer.parts {
                let counts = try #require(part.tile.counts)
                #expect(part.instructions % (counts[0] * counts[1] * counts[2]) == 0)
                // A row of slots is no shorter than one of results.
                let nestSteps = try #require(part.nestSteps)
                #expect(
                    part.work == "stream" ? nestSteps <= part.steps : nestSteps == part.steps,
                    "\(layer.name): \(part.loops)")
            }
        }
    }

    /// The product of the nest is the layer's shape, filled up to whole words of channels.
    @Test(arguments: Case.allCases) func nestIsThePaddedLayer(_ use: Case) throws {
        let scheduled = try schedule(use.changes)
        let p = scheduled.p
        func padded(_ count: Int, _ lanes: Int) -> Int { (count + lanes - 1) / lanes * lanes }
        var checked = 0
        for (layer, plan) in scheduled.layers {
            let network = try #require(scheduled.build.network.layers.first { $0.name == layer.name })
            guard layer.parts.count == 1, case .convolution = network.operation else { continue }
            let (window, output, part) = (network.window, network.outputShape, layer.parts[0])
            // Positions of the window that stand in the input's channels.
            let inputs = network.inputShape.channels * part.inputRows * part.inputColumns
            let channels = padded(inputs, p.inputs) * padded(output.channels, p.outputs)
            let kernel =
                (window.kernelHeight + part.inputRows - 1) / part.inputRows
                * ((window.kernelWidth + part.inputColumns - 1) / part.inputColumns)
            let macs = try #require(part.nestMacs)
            // Each pixel unit has as many columns as the first.
            let least = channels * kernel * output.height * output.width * plan.passes
            #expect(p.pixels == 1 ? macs == least : macs >= least, "\(layer.name)")
            #expect(macs >= layer.macs)
            checked += 1
        }
        #expect(use == .grouped || checked > 0)
    }

    /// The even nests that other tools get cover the layer, and no more than a tile along each axis.
    @Test(arguments: Case.allCases) func mappingsAreTheNest(_ use: Case) throws {
        for (layer, _) in try schedule(use.changes).layers {
            for part in layer.parts {
                let zigzag = part.mapping.zigzag
                let temporal = zigzag.temporalOrdering.reduce(zigzag.passes) { $0 * $1.size }
                let spatial = zigzag.spatialMapping.reduce(1) { $0 * $1.size }
                let even = part.loops.reduce(1) { $0 * $1.extent }
                #expect(temporal * spatial == even, "\(layer.name)")
                #expect(zigzag.loopDims.reduce(zigzag.passes) { $0 * $1.size } == even, "\(layer.name)")
                let factors = part.mapping.timeloop.flatMap(\.factors)
                #expect(factors.reduce(1) { $0 * $1.factor } == even, "\(layer.name)")
                for level in part.mapping.timeloop {
                    #expect(level.permutation.map { String($0) }.sorted() == level.factors.map(\.dimension).sorted())
                }
                if let nestMacs = part.nestMacs { #expect(nestMacs <= even) }
            }
        }
    }

    // MARK: transfers

    @Test(arguments: Case.allCases) func bytesAreThoseOfTheProgram(_ use: Case) throws {
        for (layer, plan) in try schedule(use.changes).layers {
            let bytes = layer.bytes
            #expect(bytes.read == plan.readBytes && bytes.results == plan.writtenBytes, "\(layer.name)")
            #expect(bytes.instructions == (plan.loads + plan.tiles + plan.stores) * Instruction.bytes)
            // What goes over the memory interface goes through a buffer.
            let loaded = layer.buffers.reduce(0) { $0 + $1.loadedBytes }
            let stored = layer.buffers.reduce(0) { $0 + $1.storedBytes }
            #expect(stored == bytes.results, "\(layer.name)")
            #expect(loaded >= bytes.weights + bytes.residual, "\(layer.name)")
            let weights = layer.buffers.first { $0.name == .weights }
            #expect((weights?.loadedBytes ?? 0) == bytes.weights)
        }
    }

    /// A simulation reads what the layers say, and the instruction that ends each of three streams.
    @Test(arguments: [Case.tiny, .convolver, .grouped, .preActivation]) func bytesAreThoseOfASimulation(_ use: Case)
        throws
    {
        let report = try schedule(use.changes).report
        let (scratch, configuration) = try arrange(use.changes)
        let dram = try withExtendedLifetime(scratch) { try Flow.simulate(SimulationRequest(configuration)).report.dram }
        let read = report.layers.reduce(0) { $0 + $1.bytes.read - $1.bytes.instructions }
        let instructions = report.layers.reduce(0) { $0 + $1.bytes.instructions } + 3 * Instruction.bytes
        #expect(dram.readBytes - instructions == read)
        #expect(dram.writeBytes == report.layers.reduce(0) { $0 + $1.bytes.results })
    }

    // MARK: buffers

    /// At any time a word of a buffer belongs to one tile: what the tokens are there for.
    @Test(arguments: Case.allCases) func noWordHasTwoTiles(_ use: Case) throws {
        var seen = 0
        for (layer, _) in try schedule(use.changes).layers {
            for buffer in layer.buffers {
                let tiles = buffer.occupancy
                #expect(tiles.contains { $0.layer == layer.name }, "\(layer.name), \(buffer.name)")
                for (index, tile) in tiles.enumerated() {
                    #expect(tile.firstWord >= 0 && tile.firstWord + tile.words <= buffer.words)
                    for other in tiles[(index + 1)...].prefix(50) where other.begin < tile.end && tile.begin < other.end
                    {
                        let apart =
                            other.firstWord >= tile.firstWord + tile.words
                            || tile.firstWord >= other.firstWord + other.words
                        #expect(apart, "\(layer.name), \(buffer.name): \(tile) and \(other)")
                        seen += 1
                    }
                }
                #expect((0...buffer.words).contains(buffer.peak) && buffer.mean <= Double(buffer.peak))
                #expect(buffer.nextFits == (2 * buffer.largest <= buffer.words))
            }
        }
        #expect(seen > 0, "tiles are there beside each other")
    }

    /// The array reads a word of the ifmap, and of the weights, in every step of a nest.
    @Test func arrayReadsAWordAStep() throws {
        for (layer, plan) in try schedule(Case.tiny.changes).layers {
            let reads = Dictionary(uniqueKeysWithValues: layer.buffers.map { ($0.name, $0.arrayReads) })
            #expect(reads[.ifmap] == plan.steps, "\(layer.name)")
            #expect(reads[.weights] == (layer.parts[0].work == "pool" ? nil : plan.steps), "\(layer.name)")
        }
    }

    // MARK: times and choices

    /// Layers follow each other; no engine is busy for longer than there is time, and none does work twice.
    @Test(arguments: Case.allCases) func timesAddUp(_ use: Case) throws {
        var end = 0
        var (own, busy) = ([0, 0, 0], [0, 0, 0])
        for (layer, _) in try schedule(use.changes).layers {
            let times = try #require(layer.cycles)
            #expect(times.begin == end && times.end > end, "\(layer.name)")
            end = times.end
            for (index, count) in [times.load, times.compute, times.store].enumerated() { own[index] += count }
            for (index, count) in [times.loadBusy, times.computeBusy, times.storeBusy].enumerated() {
                busy[index] += count
                #expect(count <= times.end - times.begin, "\(layer.name)")
            }
        }
        #expect(own == busy)
    }

    @Test func choiceSaysWhatElseWasCounted() throws {
        for (layer, _) in try schedule(Case.tiny.changes).layers {
            for part in layer.parts {
                let choice = part.choice
                #expect(choice.search == "optimal")
                let (candidates, cycles) = (try #require(choice.candidates), try #require(choice.cycles))
                let next = try #require(choice.next)
                #expect(next.count == min(3, try #require(choice.counted) - 1) && candidates > 0)
                #expect(next.map(\.cycles) == next.map(\.cycles).sorted())
                #expect(next.allSatisfy { $0.cycles >= cycles })
                let tile = part.tile
                let isChosen = { (other: TileDescription) in
                    (other.rows, other.columns, other.groups) == (tile.rows, tile.columns, tile.groups)
                        && (other.order == tile.order || tile.order == nil)
                }
                #expect(!next.contains { isChosen($0.tile) }, "\(layer.name)")
            }
        }
        let first = try schedule(Case.firstFit.changes).report.layers.flatMap(\.parts).map(\.choice)
        #expect(first.allSatisfy { $0.search == "first-fit" && $0.candidates == nil && $0.next == nil })
    }

    /// The cases are what their names say.
    @Test func casesAreThere() throws {
        func parts(_ use: Case) throws -> [PartDescription] { try schedule(use.changes).report.layers.flatMap(\.parts) }
        #expect(try parts(.parts).contains { $0.tile.partUnits > 0 && $0.work == "nest" })
        #expect(try parts(.streamParts).contains { $0.tile.partUnits > 0 && $0.work == "stream" })
        #expect(try parts(.tiny).contains { $0.work == "pool" })
        #expect(try parts(.grouped).count == 2)
        #expect(try schedule(Case.preActivation.changes).build.accelerator.parameters.preActivationDepth != nil)
        #expect(try parts(.passes).contains { $0.mapping.zigzag.passes == 2 })
        #expect(try parts(.tiny).contains { $0.loops.contains { $0.last < $0.extent } }, "ragged tiles")
    }

    /// 28 x 28 x 128 results of 64 x 3 x 3 products each fill 32 x 32 lanes wholly; activations have two bytes, weights
    /// three bits.
    @Test func aLayerOfResNet18() throws {
        let configuration = try Configuration.load(path: Repository.path("configs/resnet18-svpe.yaml"))
        let report = try Flow.schedule(configuration, layer: "layer2.0.conv1")
        let layer = try #require(report.layers.first)
        let part = try #require(layer.parts.first)
        #expect(report.layers.count == 1 && layer.parts.count == 1)
        #expect(layer.macs == 57_802_752 && part.nestMacs == layer.macs && part.steps == layer.macs / 1024)
        #expect(layer.bytes.results == 200_704 && layer.bytes.weights >= 27_648)
        #expect(layer.bytes.features >= 64 * 56 * 56 * 2 && layer.bytes.residual == 0)
        #expect(layer.reuse.results == Double(layer.macs) / 200_704)
    }

    // MARK: the command

    private func run(_ words: [String], _ changes: [String] = []) throws -> Program.Result {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        return try Program.run(["schedule", "tiny.yaml"] + words + changes.flatMap { ["--set", $0] }, in: workplace)
    }

    @Test(arguments: [Case.tiny, .firstFit, .convolver, .parts]) func textSaysIt(_ use: Case) throws {
        let report = try schedule(use.changes).report
        let result = try run([], use.changes)
        #expect(result.code == 0 && result.errors.isEmpty)
        for layer in report.layers { #expect(result.output.contains("\nlayer \(layer.name): \(layer.kind), ")) }
        let first = try #require(report.layers.first)
        let (times, buffer) = (try #require(first.cycles), try #require(first.buffers.first))
        let words = result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("cycles \(TextTable.grouped(times.end)), from 0 to \(TextTable.grouped(times.end)); "))
        #expect(words.contains("\(TextTable.grouped(first.bytes.read)) bytes read: features "))
        #expect(words.contains("ifmap \(TextTable.grouped(buffer.words)) \(TextTable.grouped(buffer.largest)) "))
        #expect(words.contains("all counted") || use != .tiny)
        #expect(words.contains("no other was tried") == (use == .firstFit))
        #expect(words.contains("input groups at a time") == (use == .parts))
        #expect(words.contains("parallel R 3") == (use == .convolver))
    }

    @Test func oneLayerIsThatOfAll() throws {
        let all = try run(["--json"])
        let one = try run(["--layer", "block.conv2", "--json"])
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let layers = try decoder.decode(ScheduleReport.self, from: Data(all.output.utf8)).layers
        let layer = try decoder.decode(ScheduleReport.self, from: Data(one.output.utf8)).layers
        #expect(layers.count > 1 && layer == layers.filter { $0.name == "block.conv2" })
        let text = try run(["--layer", "block.conv2"]).output
        #expect(text.contains("first tiles of") && !text.contains("layer conv1:"))
    }

    @Test func hostLayersHaveNoSchedule() throws {
        let result = try run(["--layer", "fc"], Case.host.changes)
        #expect(result.code == 0 && result.output.contains("layer fc: host, 160 MACs, on the host\n"), "\(result)")
    }

    @Test func unknownLayerIsRefused() throws {
        let result = try run(["--layer", "con1"])
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(
            result.errors.hasPrefix(
                "shiftsim: --layer: 'con1' is no layer (did you mean 'conv1'?); accepted: conv1, block.conv1, "))
        let long = try run(["--layer", String(repeating: "q", count: 10_000)])
        #expect(long.code == 2 && !long.errors.contains(String(repeating: "q", count: 201)))
    }

    /// docs/guide/Schedule.md names every member of the JSON.
    @Test func membersAreDocumented() throws {
        let page = try String(contentsOfFile: Repository.path("docs/guide/Schedule.md"), encoding: .utf8)
        func keys(_ value: Any) -> Set<String> {
            if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys($1)) } }
            guard let members = value as? [String: Any] else { return [] }
            return members.reduce(into: []) { $0.formUnion(keys($1.value).union([$1.key])) }
        }
        let document = try JSONSerialization.jsonObject(with: Data(try run(["--json"]).output.utf8))
        let found = keys(document)
        #expect(found.count > 60)
        for key in found { #expect(page.contains("`\(key)`"), "\(key)") }
    }
}
