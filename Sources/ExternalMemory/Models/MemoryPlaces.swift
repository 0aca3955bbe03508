// Where the scalars of the memory interface lie, found once.

import Design
import Kernel

/// Where the ports' scalars lie in a simulation.
struct MemoryPlaces {
    let fetchReady, fetchValid, readReady, readValid, writeReady, settled: InputSlot
    let fetchRequest, fetchAddress: UnsafePointer<Int64>
    let readRequest, readAddress, readLength, take: UnsafePointer<Int64>
    let writeRequest, writeAddress: UnsafePointer<Int64>

    init(_ interface: MemoryInterface, _ state: StateView, _ inputs: InputPorts) {
        (fetchReady, fetchValid) = (inputs.slot(interface.fetch.ready), inputs.slot(interface.fetch.valid))
        (readReady, readValid) = (inputs.slot(interface.read.ready), inputs.slot(interface.read.valid))
        (writeReady, settled) = (inputs.slot(interface.write.ready), inputs.slot(interface.write.settled))
        (fetchRequest, fetchAddress) = (state.scalar(interface.fetch.request), state.scalar(interface.fetch.address))
        (readRequest, readAddress) = (state.scalar(interface.read.request), state.scalar(interface.read.address))
        (readLength, take) = (state.scalar(interface.read.length), state.scalar(interface.read.take))
        (writeRequest, writeAddress) = (state.scalar(interface.write.request), state.scalar(interface.write.address))
    }
}
