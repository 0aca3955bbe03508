// What memory and monitor are connected to.

import Accelerator
import ExternalMemory
import Observation

extension MemoryPorts {
    /// The memory interface of an accelerator.
    init(_ accelerator: Accelerator) {
        let (ports, p) = (accelerator.ports, accelerator.parameters)
        self.init(
            fetch: (
                ports.fetchReady, ports.fetchValid, ports.fetchData, ports.fetchRequest, ports.fetchAddress
            ), fetchBeats: Instruction.bytes / 16,
            read: (
                ports.readReady, ports.readValid, ports.readData, ports.readRequest, ports.readAddress,
                ports.readLength, ports.readTake
            ),
            write: (
                ports.writeReady, ports.writeAcknowledge, ports.writeRequest, ports.writeAddress, ports.writeData
            ), beatBytes: p.beatBytes, fields: p.granule, fieldBytes: p.activationBits / 8)
    }
}

extension MonitorProbes {
    init(_ accelerator: Accelerator) {
        let probes = accelerator.probes
        self.init(
            issue: probes.computeIssue, computeBusy: probes.computeBusy,
            waitsForStore: probes.computeWaitsForStore, storeFinish: probes.storeFinish)
    }
}
