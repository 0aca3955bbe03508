// Where the cycles and the traffic of a run went, layer by layer: what every way of running a program yields, whether it
// computes data or not.

import Design
import ExternalMemory
import Networks
import Observation
import Schedule

/// Cycles and traffic of one image; all images have the same.
package struct RunTiming: Sendable, Equatable {
    /// Of all layers.
    package var perImage: CycleCounts
    /// In the order of the program.
    package var layers: [LayerRun]
    /// External memory traffic.
    package var readBytes: Int
    /// External memory traffic.
    package var writtenBytes: Int
    /// What the DRAM did; nil where there is none.
    package var dram: DRAMStatistics?
}

extension MachineResult {
    /// Cycles and traffic, without what was computed.
    package var timing: RunTiming {
        RunTiming(
            perImage: perImage, layers: layers, readBytes: readBytes, writtenBytes: writtenBytes,
            dram: dram)
    }
}

/// What moved over the memory interface, from the start of a run on.
struct Traffic: Sendable, Equatable {
    var read = 0
    var written = 0
    var dram: DRAMStatistics?
}

/// Watches a run, and accounts for it at its end.
final class RunAccount {
    /// To be attached to the machine.
    let monitor: RunMonitor
    private let program: CompiledNetwork
    /// What has moved up to the beginning of a cycle.
    private let traffic: (_ cycle: Int) -> Traffic
    private let ends: TrafficEnds

    /// Traffic up to the end of each layer of the array.
    private final class TrafficEnds { var values: [Traffic] = [] }

    /// The account of a program on a machine with that memory.
    convenience init(_ machine: Machine) {
        let (memory, device) = (machine.memory, machine.device)
        self.init(machine.program, machine.accelerator.probes) { cycle in
            Traffic(read: memory.bytesRead, written: memory.bytesWritten, dram: device.dram(before: cycle))
        }
    }

    /// The account of a program whose run is seen at the probes; `traffic` tells what
    /// has moved up to the beginning of a cycle, `layerEnded` is called in the last cycle of each layer.
    init(
        _ program: CompiledNetwork, _ probes: RunProbes, layerEnded: @escaping () -> Void = {},
        traffic: @escaping (_ cycle: Int) -> Traffic
    ) {
        (self.program, self.traffic) = (program, traffic)
        let ends = TrafficEnds()
        self.ends = ends
        monitor = RunMonitor(
            probes: probes, layerEnds: program.layerEnds,
            layerEnded: { _, cycle in
                ends.values.append(traffic(cycle))
                layerEnded()
            })
    }

    /// The account of a run that has ended after so many cycles of the array.
    func timing(clockMHz: Double, cycles: Int) -> RunTiming {
        let layers = program.layerRuns(monitor.causes, ends.values, clockMHz: clockMHz)
        var all = CycleCounts(host: 0)
        for layer in layers { all.add(layer.counts) }
        let moved = traffic(cycles)
        return RunTiming(
            perImage: all, layers: layers, readBytes: moved.read, writtenBytes: moved.written, dram: moved.dram)
    }
}

extension CompiledNetwork {
    /// When each layer of the array ends.
    package var layerEnds: [LayerEnd] {
        var ends: [LayerEnd] = []
        for layer in layers {
            if layer.isOnHost {
                if !ends.isEmpty { ends[ends.count - 1].stops = true }
                continue
            }
            ends.append(
                LayerEnd(
                    computes: (ends.last?.computes ?? 0) + layer.tiles,
                    stores: (ends.last?.stores ?? 0) + layer.stores, stops: false))
        }
        if !ends.isEmpty { ends[ends.count - 1].stops = true }
        return ends
    }

    /// Cycles and traffic by layer, from causes and from the traffic up to the end of each layer of the array. Cycles
    /// behind the last store before the host (it sees `done`) belong to the next layer of the array, if any.
    func layerRuns(_ causes: [CycleCauses], _ traffic: [Traffic], clockMHz: Double) -> [LayerRun] {
        var start = 0
        var before = Traffic()
        var arrayLayers = 0
        return layers.enumerated().map { index, plan in
            var layer = LayerRun(
                name: plan.name, startCycle: start, endCycle: start,
                counts: CycleCounts(host: hostCycles(index, clockMHz: clockMHz)), readBytes: 0, writtenBytes: 0)
            if !plan.isOnHost {
                let now = traffic[arrayLayers]
                layer.counts = CycleCounts(causes[arrayLayers])
                layer.readBytes = now.read - before.read
                layer.writtenBytes = now.written - before.written
                layer.dram = now.dram.map { $0 - (before.dram ?? DRAMStatistics()) }
                before = now
                arrayLayers += 1
            }
            layer.endCycle += layer.counts.total
            start = layer.endCycle
            return layer
        }
    }
}
