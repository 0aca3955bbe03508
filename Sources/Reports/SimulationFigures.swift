// From a finished run to its report: the definitions of docs/guide/Report.md.

import Accelerator
import Configuration
import Foundation
import Machine
import Networks
import Preparation
import Schedule
import Support

extension Report {
    /// The figures of a run.
    package init(_ run: FinishedRun) {
        let parameters = run.hardware.accelerator.parameters
        let clock = run.configuration.clockMHz * 1e6
        let total = run.images * run.result.perImage.total
        let macs = Double(run.network.quantized.macs * run.images)
        configHash = run.configurationHash
        network = Report.network(run)
        quantization = Report.quantization(run)
        design = Report.design(run)
        memoryModel = Report.memory(run.configuration)
        cycles = Report.cycles(run)
        latencyS = Double(total) / clock
        throughputImagesPerS = Double(run.images) / latencyS
        gops = 2 * macs / latencyS / 1e9
        utilization = macs / Double(parameters.lanes * total)
        resources = run.hardware.resources
        dram = Report.traffic(run, seconds: latencyS)
        layers = Report.layers(run)
        functional = Report.functional(run)
        if run.configuration.run.mode == .full {
            activity = Activity(
                images: run.result.finishedImages, togglesTotal: run.result.togglesTotal, byInstance: run.result.toggles
            )
        }
        simulator = Report.simulator(run)
    }

    private static func network(_ run: FinishedRun) -> Network {
        let quantized = run.network.quantized
        return Network(
            name: quantized.name, layers: quantized.layers.count, macs: quantized.macs,
            parameters: quantized.parameters, images: run.images, input: run.network.images.description)
    }

    private static func quantization(_ run: FinishedRun) -> Quantization {
        let settings = run.configuration.quantization
        let quantized = run.network.quantized
        return Quantization(
            scheme: settings.scheme.rawValue, weightBits: settings.weightBits,
            activationBits: settings.activationBits,
            calibrationImages: run.network.quantization.calibrationImages,
            activationScale: run.network.quantization.options.activationScale.rawValue,
            inputExponent: quantized.inputExponent,
            outputExponent: quantized.layers.last?.outputExponent ?? quantized.inputExponent,
            inputMantissa: quantized.inputMantissa == 1 ? nil : quantized.inputMantissa,
            outputMantissa: quantized.layers.last.flatMap { $0.outputMantissa == 1 ? nil : $0.outputMantissa })
    }

    private static func design(_ run: FinishedRun) -> Design {
        let accelerator = run.hardware.accelerator
        let parameters = accelerator.parameters
        let convolver: ConvolverParameters?
        switch parameters.family {
        case .vector: convolver = nil
        case .convolver(let sizes): convolver = sizes
        }
        return Design(
            family: parameters.family.name, pe: parameters.element.name,
            mode: run.configuration.run.mode.rawValue,
            lanes: parameters.lanes, outputs: parameters.outputs, inputs: parameters.inputs,
            pixels: parameters.pixels, terms: parameters.terms, weightBits: parameters.element.weightBits,
            activationBits: parameters.activationBits, accumulatorBits: parameters.accumulatorBits,
            kernel: convolver?.kernel, taps: convolver?.taps, rowLength: convolver?.rowLength,
            columnAdders: convolver?.columnAdders.rawValue,
            clockHz: run.configuration.clockMHz * 1e6,
            signals: accelerator.design.signalCount,
            registersBits: accelerator.design.registerBits)
    }

    private static func memory(_ configuration: Configuration) -> Memory {
        let timing = configuration.memory.timing(clockMHz: configuration.clockMHz)
        return Memory(
            model: configuration.memory.model.rawValue, ports: configuration.memory.ports,
            latencyCycles: timing.latency, bytesPerCycle: timing.bytesPerCycle65536.map { Double($0) / 65536 },
            stallSeed: timing.stallSeed)
    }

    private static func cycles(_ run: FinishedRun) -> Cycles {
        let one = run.result.perImage
        return Cycles(
            total: run.images * one.total, compute: run.images * one.compute,
            stallLoad: run.images * one.stallLoad, stallStore: run.images * one.stallStore,
            fillDrain: run.images * one.fillDrain,
            host: run.program.hostLayers.isEmpty ? nil : run.images * one.host,
            predicted: run.images * (run.program.predictedCycles + one.host))
    }

    private static func traffic(_ run: FinishedRun, seconds: Double) -> ExternalTraffic {
        let read = run.images * run.result.readBytes
        let written = run.images * run.result.writtenBytes
        let fraction = run.configuration.memory.bytesPerSecond.map { Double(read + written) / (seconds * $0) }
        return ExternalTraffic(readBytes: read, writeBytes: written, bandwidthFraction: fraction)
    }

    private static func layers(_ run: FinishedRun) -> [LayerReport] {
        let (lanes, terms) = (run.hardware.accelerator.parameters.lanes, run.hardware.accelerator.parameters.terms)
        return zip(run.program.layers, run.result.layers).map { plan, layer in
            LayerReport(
                name: layer.name, kind: plan.kind, macs: plan.macs, cycles: layer.counts.total,
                predictedCycles: plan.predictedCycles + layer.counts.host, startCycle: layer.startCycle,
                endCycle: layer.endCycle,
                computeCycles: layer.counts.compute, stallCycles: layer.counts.stallLoad + layer.counts.stallStore,
                fillDrain: layer.counts.fillDrain,
                utilization: plan.isOnHost ? 0 : Double(plan.macs) / Double(lanes * max(1, layer.counts.total)),
                dramReadBytes: layer.readBytes, dramWriteBytes: layer.writtenBytes, filtersByTerms: plan.filters,
                filterPasses: plan.filterPasses(terms: terms))
        }
    }

    private static func functional(_ run: FinishedRun) -> Functional {
        var hash = SHA256()
        for output in run.outputs.values { hash.update(output.values) }
        return Functional(
            arrayImages: run.outputs.arrayImages, checked: run.outputs.check?.checked,
            mismatches: run.outputs.check?.mismatches, outputSha256: hash.finish(),
            top1: run.classes, labels: run.network.images.labels.map { Array($0.prefix(run.images)) },
            accuracy: run.accuracy, top5Accuracy: run.top5Accuracy)
    }

    /// Of the images that the array computed.
    private static func simulator(_ run: FinishedRun) -> Simulator {
        let wall = max(run.result.wallSeconds, 1e-9)
        let cycles = run.result.finishedImages * (run.result.perImage.total - run.result.perImage.host)
        return Simulator(
            wallS: wall, cyclesPerS: Double(cycles) / wall, laneUpdatesPerS: Double(run.result.laneUpdates) / wall,
            peakRssBytes: ProcessMemory.peakBytes, threads: run.configuration.run.threads)
    }
}
