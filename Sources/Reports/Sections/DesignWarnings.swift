// Warnings about a design and its network: `simulate` and `estimate` say the same.

import Accelerator
import Configuration
import Diagnostics
import Fabric
import Networks
import Preparation
import Schedule
import Support

/// A configuration with the design that it makes, and the program where there is one.
struct WarnedDesign {
    /// The fraction of a resource above which placing and routing are known to get hard. AMD UG949 (report_failfast) has
    /// 0.8 for DSP48 and block RAM; low is its 0.5 for flip-flops, high a device that is full.
    static let crowded = (value: 0.8, low: 0.5, high: 1.0, unit: "fraction", source: "AMD UG949, report_failfast")

    let configuration: Configuration
    let hardware: Hardware
    /// Nil where the design does not fit and cannot be scheduled either.
    let program: CompiledNetwork?

    /// The warning of a kind that is about the design; nil where nothing is to be said.
    func warning(_ kind: Warning.Kind) -> Warning? {
        switch kind {
        case .overflow: overflow
        case .unchecked, .plainKernel: nil
        case .cliff: program.flatMap(Warning.cliff)
        case .crowded: crowded
        case .clock: clock
        case .idleLanes: idleLanes
        case .part: part
        }
    }

    private var resources: ResourceReport { hardware.resources }

    private var overflow: Warning? {
        guard !resources.fits, configuration.device.allowOverflow else { return nil }
        return Warning(
            .overflow, resources.overflow(part: configuration.device.part), key: "device.allow_overflow")
    }

    private var crowded: Warning? {
        guard resources.fits else { return nil }
        let limit = WarnedDesign.crowded.value
        let full = resources.above(limit, part: configuration.device.part)
        guard !full.isEmpty else { return nil }
        return Warning(
            .crowded,
            "\(full.joined(separator: " and ")): above \(TextTable.percent(limit)) of a resource placing and routing may "
                + "fail or slow the clock", key: crowdedKey)
    }

    /// The largest buffer where block RAM is what runs out, else the size of the array.
    private var crowdedKey: String {
        guard resources.limiting == "bram36" else { return "array.outputs" }
        let resolved = ConfiguredBuffer.allCases.map { ($0, configuration.buffers[keyPath: $0.size]) }
        return (resolved.max { $0.1 < $1.1 }?.0 ?? .weight).key
    }

    private var clock: Warning? {
        let used = configuration.device.device.speeds.filter { speed in
            switch speed.kind {
            case .clockBuffer: true
            case .dsp48e2: resources.dsp.used > 0
            case .blockMemory: resources.bram36.used > 0
            }
        }
        guard let slowest = used.min(by: { $0.mhz < $1.mhz }), configuration.clockMHz > slowest.mhz else { return nil }
        let (clock, most) = (ConfigSection.text(configuration.clockMHz), ConfigSection.text(slowest.mhz))
        return Warning(
            .clock, "the clock of \(clock) MHz is above the \(most) MHz of a \(slowest.name) (\(slowest.source))",
            key: "clock_mhz")
    }

    /// What the part has otherwise than what is counted and timed.
    private var part: Warning? {
        let device = configuration.device.device
        var said: [String] = []
        if !device.takesEmittedText {
            let (slice, bits) = (device.slice.name, device.slice.multiplierBits)
            let wide = hardware.accelerator.design.productsWider(than: device.slice)
            let two = wide == 0 ? "" : "; \(TextTable.grouped(wide)) products of more than \(bits) bits count as two"
            said.append(
                "it has \(slice) (\(bits) x 18 bits, no W multiplexer) and \(device.bram36.unit) for DSP48E2 and RAMB36E2"
                    + "\(two), their cascades' cycles are not modelled")
        }
        if hardware.network.layers.contains(where: \.isOnHost), device.cores != Device.xczu9eg.cores {
            let cores = device.cores.map { "has \($0)" } ?? "has no cores"
            said.append("layers of the host take the time of the ZCU102's Cortex-A53, and it \(cores)")
        }
        guard !said.isEmpty else { return nil }
        return Warning(
            .part, "\(device.name) (\(device.board)): \(said.joined(separator: "; "))", key: "device.part")
    }

    // MARK: idle lanes

    /// One size of the array, and the most of it that any layer takes.
    private struct Extent {
        var key: String
        var words: String
        var size: Int
        var used: Int
    }

    private var idleLanes: Warning? {
        let parameters = hardware.accelerator.parameters
        let layers = hardware.network.layers.filter { layer in
            if case .convolution = layer.operation { return !layer.isOnHost }
            return false
        }
        guard !layers.isEmpty else { return nil }
        func most(_ value: (QuantizedLayer) -> Int) -> Int { layers.map(value).max() ?? 0 }
        let extents = [
            Extent(
                key: "array.outputs", words: "output channels", size: parameters.outputs,
                used: most(\.outputShape.channels)),
            Extent(
                key: "array.inputs", words: "input channels", size: parameters.inputs,
                used: most(\.inputShape.channels)),
            Extent(
                key: "array.pixels", words: "output columns", size: parameters.pixels, used: most(\.outputShape.width)),
        ]
        let idle = extents.filter { $0.used < $0.size }
        guard let first = idle.first else { return nil }
        let working = extents.reduce(parameters.lanes) { $0 / $1.size * min($1.size, $1.used) }
        let reasons = idle.map { "the array has \($0.size) \($0.words), no layer more than \($0.used)" }
        return Warning(
            .idleLanes,
            "\(TextTable.grouped(parameters.lanes - working)) of \(TextTable.grouped(parameters.lanes)) lanes work in no "
                + "layer: \(reasons.joined(separator: "; "))", key: first.key)
    }
}
