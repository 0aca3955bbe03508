// What a model of memory offers at the accelerator's interface, and where the interface's scalars lie, found once.

import Design
import Kernel

/// What a memory offers in a cycle.
struct MemoryOffer {
    var fetchReady = false
    var fetchValid = false
    var readReady = false
    var readValid = false
    var writeReady = false
    var settled = false

    /// No beat is offered, and every request would be taken.
    var isQuiet: Bool { fetchReady && readReady && writeReady && !fetchValid && !readValid }
}

extension MemoryInterface {
    /// Requests, which wake a memory that rests.
    var requests: [NetID] { [fetch.request, read.request, write.request] }
}

/// Where the ports' scalars lie in a simulation.
struct MemoryPlaces {
    let fetchReady, fetchValid, readReady, readValid, writeReady, settled: InputSlot
    let fetchRequest, fetchAddress: UnsafePointer<Int64>
    let readRequest, readAddress, readLength, take: UnsafePointer<Int64>
    let writeRequest, writeAddress: UnsafePointer<Int64>
    private let readWide: UnsafePointer<Int64>?
    private let beatBytes, wideBeatBytes: Int

    init(_ interface: MemoryInterface, _ state: StateView, _ inputs: InputPorts) {
        (fetchReady, fetchValid) = (inputs.slot(interface.fetch.ready), inputs.slot(interface.fetch.valid))
        (readReady, readValid) = (inputs.slot(interface.read.ready), inputs.slot(interface.read.valid))
        (writeReady, settled) = (inputs.slot(interface.write.ready), inputs.slot(interface.write.settled))
        (fetchRequest, fetchAddress) = (state.scalar(interface.fetch.request), state.scalar(interface.fetch.address))
        (readRequest, readAddress) = (state.scalar(interface.read.request), state.scalar(interface.read.address))
        (readLength, take) = (state.scalar(interface.read.length), state.scalar(interface.read.take))
        (writeRequest, writeAddress) = (state.scalar(interface.write.request), state.scalar(interface.write.address))
        readWide = interface.read.wide.map { state.scalar($0) }
        (beatBytes, wideBeatBytes) = (interface.beat.bytes, interface.wideBeat.bytes)
    }

    /// Bytes of the beats that the read port asks for.
    @inline(__always) var requestedBeatBytes: Int {
        guard let readWide, readWide.pointee != 0 else { return beatBytes }
        return wideBeatBytes
    }

    /// Ports keep what they hold.
    @inline(__always) func show(_ offer: MemoryOffer) {
        fetchReady.set(offer.fetchReady ? 1 : 0)
        fetchValid.set(offer.fetchValid ? 1 : 0)
        readReady.set(offer.readReady ? 1 : 0)
        readValid.set(offer.readValid ? 1 : 0)
        writeReady.set(offer.writeReady ? 1 : 0)
        settled.set(offer.settled ? 1 : 0)
    }
}
