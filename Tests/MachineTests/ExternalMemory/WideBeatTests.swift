import Accelerator
import Kernel
import Machine
import Networks
import TestSupport
import Testing

@testable import ExternalMemory

/// Do weights and constants come in beats of their own width, and do memories give them what the ports have?
@Suite struct WideBeatTests {
    /// A map of 5 x 7 pixels, whose rows begin and end inside lines, a convolution that pads it and a fully connected layer.
    static var network: QuantizedNetwork {
        var maker = LayerMaker(.vpe(weightBits: 8), activationBits: 16, seed: 9)
        let shape = Shape(channels: 9, height: 5, width: 7)
        let first = maker.layer("a", shape, .convolution(outputs: 5, groups: 1), Window(kernel: 3, pad: 1))
        let second = maker.layer(
            "b", from: "a", first.outputShape, .convolution(outputs: 11, groups: 1),
            Window(kernelHeight: 5, kernelWidth: 7, strideHeight: 1, strideWidth: 1))
        return QuantizedNetwork([first, second], activationBits: 16)
    }

    private static func bench(ratio: Int, channels: Int = 8) throws -> Bench {
        var p = AcceleratorParameters(.vpe(weightBits: 8), 1, channels, channels)
        p.weightBeatRatio = ratio
        return try Bench(p, network).firstFit()
    }

    /// Where all beats are alike the accelerator has no port for the others.
    @Test func alikeBeatsNeedNoPort() throws {
        let (alike, wide) = (try Self.bench(ratio: 1).accelerator, try Self.bench(ratio: 2).accelerator)
        #expect(alike.memory.read.wide == nil && alike.memory.wideBeat == alike.memory.beat)
        let port = try #require(wide.memory.read.wide)
        #expect(wide.design.outputs.contains(port) && wide.design.outputs.count == alike.design.outputs.count + 1)
        #expect(wide.memory.wideBeat == .init(bytes: 32, fields: 16, fieldBytes: 2))
        #expect(wide.memory.beat == alike.memory.beat)
    }

    /// Fields of a wide beat follow one another where those of a beat of activations leave bytes unused: 3 channels of 16
    /// bits in 8 bytes, 16 fields in 32.
    @Test func aWideBeatIsFull() throws {
        let memory = try Self.bench(ratio: 4, channels: 3).accelerator.memory
        #expect(memory.beat == .init(bytes: 8, fields: 3, fieldBytes: 2))
        #expect(memory.wideBeat == .init(bytes: 32, fields: 16, fieldBytes: 2))
    }

    /// Whatever the width, the machine computes what the reference model computes, on every kind of memory.
    @Test(arguments: [1, 2, 4, 8], [1, 3, 8])
    func resultsAgree(ratio: Int, channels: Int) throws {
        var bench = try Self.bench(ratio: ratio, channels: channels)
        let ports = PortSettings(ports: 2, coreKHz: 200_000, portKHz: 300_000)
        for memory in [
            MemoryModel.simple(.ideal), .simple(.fixed(latency: 9, bytesPerCycle: 2.5)),
            .simple(MemoryTiming(latency: 3, bytesPerCycle65536: 5 << 16, stallSeed: 11)),
            .ports(ports, .fixed(latency: 9, stallSeed: nil)), .ports(ports, .fixed(latency: 20, stallSeed: 4)),
            .ports(ports, .processingSystem(.zcu102(ports: [300_000, 300_000]))),
        ] {
            bench.memory = memory
            try bench.expectReference("ratio \(ratio), \(channels) channels, \(memory)", toggles: channels == 3)
        }
    }

    /// A wide beat costs its bytes: what bounds a fully connected layer is bytes per cycle, whatever the beat.
    ///
    /// 32 bytes a cycle and beats of 16, 32 and 64: the first takes a beat a cycle, half of what memory gives; the others
    /// move what memory gives. The words of a layer of 8 x 8 x 8 to 64: 64 * 8 of 64 bytes and 64 / 8 of 64.
    @Test func aWideBeatCostsItsBytes() throws {
        var maker = LayerMaker(.vpe(weightBits: 8), activationBits: 16, seed: 3)
        let layer = maker.layer(
            "fc", Shape(channels: 8, height: 8, width: 8), .convolution(outputs: 64, groups: 1), Window(kernel: 8))
        var cycles: [Int: Int] = [:]
        for ratio in [1, 2, 4] {
            var p = AcceleratorParameters(.vpe(weightBits: 8), 1, 8, 8, weights: 2048)
            p.weightBeatRatio = ratio
            let bench = try Bench(
                p, QuantizedNetwork([layer], activationBits: 16), timing: .fixed(latency: 4, bytesPerCycle: 32)
            ).firstFit()
            let run = try bench.run()
            #expect(run.perImage.total * 32 + 2 * 64 >= run.readBytes + run.writtenBytes)
            cycles[ratio] = run.perImage.total
        }
        // 520 words of 64 bytes take 4 cycles with beats of 16, and 2 with the others.
        let saved = try #require(cycles[1]) - (try #require(cycles[2]))
        #expect(abs(saved - 520 * 2) <= 4, "\(cycles)")
        #expect(abs((cycles[4] ?? 0) - (cycles[2] ?? 0)) <= 4, "\(cycles)")
    }
}
