// The processor beside the array, as a table of facts for a rough model of its time. Not modelled: caches, the
// operating system, other work, and the array's own traffic.

/// One physical number with the range in which it is believed to lie.
package struct HostFact: Sendable, Hashable, Codable {
    /// The number that the model uses.
    package var value: Double
    /// Of value, low and high.
    package var unit: String
    /// The least that is believed.
    package var low: Double
    /// The most that is believed.
    package var high: Double
    /// Where the number comes from.
    package var source: String

    /// A number with its range and source.
    package init(_ value: Double, unit: String, low: Double, high: Double, source: String) {
        self.value = value
        self.unit = unit
        self.low = low
        self.high = high
        self.source = source
    }
}

/// Arm cores that compute what the array cannot.
package struct HostProcessor: Sendable, Hashable, Codable {
    /// Of every core.
    package var clock: HostFact
    /// Cores that share the work.
    package var cores: HostFact
    /// Integer multiply-accumulates of one core.
    package var macsPerCycle: HostFact
    /// One element with a power function in double precision.
    package var cyclesPerPower: HostFact
    /// Bytes between the cores and external memory.
    package var bandwidth: HostFact
    /// From the array's `done` to the first instruction of the layer, and back.
    package var handover: HostFact

    /// Four Cortex-A53 of the ZCU102 board. Within a factor of two or three: nobody measured these layers on them.
    package static let zcu102 = HostProcessor(
        clock: HostFact(
            1.2e9, unit: "Hz", low: 1.1e9, high: 1.33e9,
            source: "boot setting of the ZCU102; AMD DS925 allows 1.2 to 1.5 GHz by speed grade"),
        cores: HostFact(4, unit: "cores", low: 1, high: 4, source: "AMD DS891, Zynq UltraScale+ EG devices"),
        macsPerCycle: HostFact(
            2, unit: "MAC/cycle", low: 1, high: 4,
            source:
                "half of one SMLAL of 4 x 16 bits a cycle, the peak of a Cortex-A53's 64-bit multiplier; an estimate"),
        cyclesPerPower: HostFact(
            150, unit: "cycles", low: 80, high: 300, source: "double-precision pow of a C library in order; an estimate"
        ),
        bandwidth: HostFact(
            4e9, unit: "byte/s", low: 2e9, high: 8e9,
            source: "a quarter of DDR4-2133 x64, 17.06 GB/s: in-order cores keep few misses open; an estimate"),
        handover: HostFact(
            20e-6, unit: "s", low: 2e-6, high: 100e-6,
            source: "interrupt and cache maintenance under Linux, less on bare metal; an estimate"))

    /// Seconds for work spread over all cores: handover, then arithmetic and memory one after the other.
    package func seconds(macs: Int, powers: Int, bytes: Int) -> Double {
        let rate = clock.value * cores.value
        let arithmetic = Double(macs) / macsPerCycle.value + Double(powers) * cyclesPerPower.value
        return handover.value + arithmetic / rate + Double(bytes) / bandwidth.value
    }
}
