import Accelerator
import ExternalMemory
import Machine
import Networks
import Schedule
import TestSupport
import Testing

/// Is what a schedule says of a buffer that is too small true when the buffer is made as large as it says?
@Suite struct CliffTests {
    /// An array with its buffers in KiB, and a layer on it.
    struct Case: CustomTestStringConvertible, Sendable {
        var lanes: Int
        var isConvolver: Bool
        var channels: Int
        var outputs: Int
        var size: Int
        var kernel: Int
        var kib: [TileLimit: Int]
        var testDescription: String {
            "\(lanes) x \(lanes)\(isConvolver ? " convolver" : ""), \(channels) to \(outputs), \(size), \(kernel), "
                + kib.map { "\($0.key.key) \($0.value)" }.sorted().joined(separator: ", ")
        }

        var network: QuantizedNetwork {
            var maker = LayerMaker(.svpe(weightBits: 5), activationBits: 16, seed: 7)
            let shape = Shape(channels: channels, height: size, width: size)
            let layer = maker.layer(
                "a", shape, .convolution(outputs: outputs, groups: 1), Window(kernel: kernel, pad: kernel / 2))
            return QuantizedNetwork([layer], activationBits: 16)
        }

        var parameters: AcceleratorParameters {
            func bytes(_ limit: TileLimit) -> Int { kib[limit, default: 0] * 1024 }
            var parameters = AcceleratorParameters(
                element: .svpe(weightBits: 5), size: ArraySize(pixels: 1, inputs: lanes, outputs: lanes),
                activationBits: 16,
                buffers: BufferSizes(
                    ifmapBytes: bytes(.ifmap), weightBytes: bytes(.weights), ofmapBytes: bytes(.ofmap)))
            if isConvolver {
                let bits = lanes * parameters.accumulatorBits
                let depth = AcceleratorParameters.depth(bytes(.psums), wordBits: bits)
                parameters.family = .convolver(
                    ConvolverParameters(kernel: 3, taps: [1], rowLength: 64, psumDepth: depth))
            }
            return parameters
        }

        /// Whether a configuration may ask for it: no buffer has too few words.
        var isLegal: Bool {
            let p = parameters
            var depths = [p.ifmapDepth, p.weightDepth, p.ofmapDepth]
            if let convolver = p.convolver { depths.append(convolver.psumDepth) }
            return depths.allSatisfy { AcceleratorParameters.depths.contains($0) }
        }

        /// Nil where the layer's smallest tile does not fit.
        var plan: LayerPlan? {
            let options = ScheduleOptions(search: .firstFit)
            return isLegal ? try? Scheduler.compile(network, for: parameters, options: options).layers[0] : nil
        }

        func run() throws -> MachineResult {
            do {
                return try Bench(parameters, network).firstFit().run()
            } catch {
                Issue.record("\(self): \(error)")
                throw error
            }
        }

        func with(_ limit: TileLimit, _ size: Int) -> Case {
            var other = self
            other.kib[limit] = size
            return other
        }
    }

    /// Layers of many loads and few steps on arrays with small buffers, each of them in turn.
    static let cases: [Case] = {
        var cases: [Case] = []
        for (lanes, isConvolver) in [(8, false), (16, false), (8, true)] {
            for (channels, outputs, size, kernel) in [
                (16, 16, 12, 3), (64, 32, 6, 1), (32, 64, 8, 3), (128, 16, 4, 3), (8, 128, 16, 1),
            ] {
                for small in [TileLimit.ifmap, .weights, .ofmap, .psums] where small != .psums || isConvolver {
                    for size0 in [1, 2, 3, 5] {
                        var kib: [TileLimit: Int] = [.ifmap: 16, .weights: 16, .ofmap: 16, .psums: 16]
                        kib[small] = size0
                        cases.append(
                            Case(
                                lanes: lanes, isConvolver: isConvolver, channels: channels, outputs: outputs,
                                size: size, kernel: kernel, kib: kib))
                    }
                }
            }
        }
        return cases
    }()

    /// The prediction with the buffer that the hint names is the hint's, and with a KiB less it is not reached.
    @Test func everyHintHolds() throws {
        var seen: [TileLimit: Int] = [:]
        var worst: [TileLimit: (factor: Double, item: Case)] = [:]
        for item in Self.cases {
            guard let plan = item.plan, let cliff = plan.cliff else { continue }
            seen[cliff.limit, default: 0] += 1
            if !item.isConvolver, cliff.factor > worst[cliff.limit]?.factor ?? 0 {
                worst[cliff.limit] = (cliff.factor, item)
            }
            #expect(item.kib[cliff.limit] == cliff.kib && cliff.neededKiB <= 4 * cliff.kib, "\(item)")
            #expect(cliff.predictedCycles == plan.predictedCycles && cliff.tiles == plan.tiles, "\(item)")
            #expect(cliff.neededCycles * 10 <= plan.predictedCycles * 8, "\(item)")
            let better = try #require(item.with(cliff.limit, cliff.neededKiB).plan, "\(item)")
            #expect(better.predictedCycles == cliff.neededCycles && better.tiles == cliff.neededTiles, "\(item)")
            if let less = item.with(cliff.limit, cliff.neededKiB - 1).plan {
                #expect(less.predictedCycles > cliff.neededCycles, "\(item)")
            }
            #expect(cliff.text.hasSuffix(": \(cliff.limit.key) \(cliff.neededKiB)"))
        }
        #expect(seen[.weights, default: 0] >= 5 && seen[.ifmap, default: 0] >= 2, "\(seen)")
        // The worst of each kind on family vector is simulated: the cycles really drop, and the bits stay.
        for (limit, (factor, item)) in worst {
            let cliff = try #require(item.plan?.cliff)
            let larger = item.with(limit, cliff.neededKiB)
            let (before, after) = (try item.run(), try larger.run())
            #expect(after.outputs == before.outputs)
            #expect(
                Double(before.perImage.total) >= 0.8 * factor * Double(after.perImage.total),
                "\(item): \(before.perImage.total), \(after.perImage.total), predicted factor \(factor)")
        }
    }

    /// 16 channels of 3 x 3 on 8 inputs: 2 groups, 18 words of 8 x 8 weights of 5 bits, 720 bytes: 1 KiB.
    @Test func textNamesWhatIsNeeded() throws {
        let item = Case(
            lanes: 8, isConvolver: false, channels: 16, outputs: 16, size: 12, kernel: 3,
            kib: [.ifmap: 16, .weights: 1, .ofmap: 16])
        let cliff = try #require(item.plan?.cliff)
        #expect(cliff.groupKiB == 1)
        #expect(
            cliff.text == "weights of one output group need 1 KiB, half the buffer is 0.5: buffers.weight_kib 2")
        // What fits says nothing.
        #expect(item.with(.weights, 2).plan?.cliff == nil)
    }
}
