// What a model of memory moves its beats through. A model says when; whoever conforms says what: MemoryContents holds the
// bytes themselves, a log of traffic only notes which beats moved where. A model knows neither.

import Design
import Kernel

/// The bytes behind a model of memory, as the model sees them.
public protocol MemoryBeats: AnyObject {
    /// Puts the beat of an instruction at `address` on the fetch port; asked for in each cycle in which the beat is
    /// offered. Outside the memory the port stays as it was.
    func offerFetch(_ address: Int, to port: MemoryInterface.FetchPort, _ inputs: InputPorts)
    /// Puts the beat of so many bytes at `address` on the read port; asked for in each cycle in which the beat is offered.
    /// Fields of the port that the beat does not have show what follows it in memory, or zero. Outside the memory the
    /// port stays as it was.
    func offerRead(_ address: Int, bytes: Int, to interface: MemoryInterface, _ inputs: InputPorts)
    /// Writes the write port's beat at `address` at the end of the cycle and counts it; outside the memory it is lost.
    func write(_ address: Int, from port: MemoryInterface.WritePort, _ beat: MemoryInterface.Beat, _ state: StateView)
    /// Counts the bytes of a beat that the accelerator has taken.
    func countRead(_ count: Int)
}
