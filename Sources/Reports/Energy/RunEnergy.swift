// What a run did, as actions: modules of the fabric, and what stands beside it.

import Energy
import ExternalMemory
import Machine
import Observation

extension FinishedRun {
    /// The energy of one image.
    package var energy: EnergyAccount {
        EnergyAccount(layerActions, table: configuration.energy.table, basis: toggleBasis)
    }

    /// What the toggles of the account are.
    private var toggleBasis: ToggleBasis {
        guard configuration.run.mode == .full, data?.result.activity.isEmpty == false else { return .assumed }
        return configuration.energy.countsNets ? .nets : .registers
    }

    private var layerActions: [LayerActions] {
        let design = hardware.accelerator.design
        let fabric = FabricActions(design, resources: hardware.scopeResources)
        let paths = design.scopes.indices.map { design.path(ofScope: $0).joined(separator: ".") }
        var arrayLayers = 0
        return zip(program.layers, timing.layers).map { plan, layer in
            let activity = activity(of: layer, plan.isOnHost ? nil : arrayLayers, fabric)
            if !plan.isOnHost { arrayLayers += 1 }
            let basis = plan.isOnHost ? .registers : toggleBasis
            var places = zip(paths, fabric.actions(activity, basis: basis)).map { (place: $0, counts: $1) }
            let seconds = Double(layer.counts.total) / (configuration.clockMHz * 1e6)
            places += board(layer, seconds: seconds).places
            return LayerActions(name: layer.name, seconds: seconds, places: places.filter { !$0.counts.isEmpty })
        }
    }

    /// What the fabric did in a layer, mean over the images; nothing but its clock while the host works.
    private func activity(of layer: LayerRun, _ index: Int?, _ fabric: FabricActions) -> FabricActivity {
        let cycles = Double(layer.counts.total)
        guard let index else { return fabric.assumedActivity(working: 0, cycles: cycles, moved: (0, 0)) }
        guard toggleBasis != .assumed, let result = data?.result else {
            return fabric.assumedActivity(
                working: Double(layer.counts.compute), cycles: cycles,
                moved: (Double(layer.readBytes), Double(layer.writtenBytes)))
        }
        let images = Double(result.finishedImages)
        let count = result.activity[index]
        return FabricActivity(
            cycles: cycles, toggles: count.toggles.map { Double($0) / images },
            memories: zip(count.reads, count.writes).map {
                FabricActivity.Accesses(reads: Double($0) / images, writes: Double($1) / images)
            })
    }

    /// What the board did in a layer.
    private func board(_ layer: LayerRun, seconds: Double) -> BoardActivity {
        var result = BoardActivity(seconds: seconds)
        result.hostSeconds = Double(layer.counts.host) / (configuration.clockMHz * 1e6)
        result.bytesRead = Double(layer.readBytes)
        result.bytesWritten = Double(layer.writtenBytes)
        result.activates = Double(layer.dram?.activates ?? 0)
        return result
    }
}
