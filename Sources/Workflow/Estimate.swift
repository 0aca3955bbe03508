// `shiftsim estimate`: what a design needs and its peak rates, without simulation.

import Accelerator
import Foundation
import Networks

/// Resources and peak rates of a configuration's design.
public struct Estimate: Sendable, Codable, Equatable {
    /// Words of a buffer and their width.
    public struct Buffer: Sendable, Codable, Equatable {
        public var name: String
        public var words: Int
        public var wordBits: Int
    }

    public var schema = "shiftsim.estimate/1"
    public var toolVersion = ToolVersion.text
    public var part: String
    public var pe: String
    public var lanes: Int
    public var weightBits: Int
    public var activationBits: Int
    public var accumulatorBits: Int
    public var clockHz: Double
    /// 2 * lanes * clock / 10^9.
    public var peakGops: Double
    /// Absent for memory model ideal.
    public var memoryBytesPerS: Double?
    public var buffers: [Buffer]
    public var resources: ResourceReport
    public var byInstance: [ResourceReport.Row]
    /// Whether the configuration lets a design run that does not fit.
    public var allowOverflow: Bool

    /// Elaborates the design. The network is quantized only where the array's weight width or its optional hardware
    /// follow from it.
    public init(_ configuration: Configuration) throws {
        let plan = try Estimate.plan(configuration)
        let (parameters, bits) = (plan.accelerator.parameters, plan.weightBits)
        part = configuration.device.part
        pe = parameters.element.name
        lanes = parameters.lanes
        weightBits = bits
        activationBits = parameters.activationBits
        accumulatorBits = parameters.accumulatorBits
        clockHz = configuration.clockMHz * 1e6
        peakGops = 2 * Double(parameters.lanes) * configuration.clockMHz / 1e3
        memoryBytesPerS = configuration.memory.bytesPerSecond
        buffers = Estimate.buffers(parameters)
        resources = plan.resources
        byInstance = plan.resources.rows
        allowOverflow = configuration.device.allowOverflow
    }

    private static func plan(_ configuration: Configuration) throws -> AcceleratorPlan {
        let array = configuration.array
        let isOpen = array.preActivation != false || array.dilation == nil
        let source = try NetworkSource(configuration.network).network()
        let needsNetwork = isOpen && OptionalHardware.mayNeed(source)
        guard let bits = configuration.fixedWeightBits, !needsNetwork else {
            let network = try PreparedNetwork(configuration.network, configuration.quantization)
            return try AcceleratorPlan(configuration, for: network.quantized)
        }
        var parameters = configuration.acceleratorParameters(
            weightBits: bits,
            weightsPerOutput: source.weightsPerOutput(hostsFullyConnected: configuration.host.fullyConnected),
            dilates: array.dilation ?? false)
        if array.preActivation == true {
            parameters.preActivationDepth = OptionalHardware.smallestDepth
        }
        return try AcceleratorPlan(parameters, weightBits: bits, device: configuration.device)
    }

    private static func buffers(_ parameters: AcceleratorParameters) -> [Buffer] {
        let activations = parameters.activationBits
        var buffers = [
            Buffer(
                name: "ifmap", words: parameters.ifmapDepth,
                wordBits: parameters.pixels * parameters.inputs * activations),
            Buffer(
                name: "weights", words: parameters.weightDepth,
                wordBits: parameters.inputs * parameters.outputs * parameters.element.weightBits * parameters.terms),
            Buffer(
                name: "ofmap", words: parameters.ofmapDepth,
                wordBits: parameters.pixels * parameters.outputs * activations),
            Buffer(
                name: "constants", words: parameters.constantDepth,
                wordBits: parameters.outputs * AcceleratorParameters.constantBits),
        ]
        if let depth = parameters.preActivationDepth {
            buffers.append(
                Buffer(
                    name: "pre-activation", words: depth,
                    wordBits: parameters.granule * AcceleratorParameters.constantBits))
        }
        switch parameters.family {
        case .vector: break
        case .convolver(let convolver):
            buffers.append(
                Buffer(
                    name: "psum", words: convolver.psumDepth,
                    wordBits: parameters.outputs * parameters.accumulatorBits))
            for line in 1..<convolver.kernel {
                buffers.append(
                    Buffer(
                        name: "line \(line)", words: convolver.rowLength, wordBits: parameters.inputs * activations))
            }
        }
        return buffers
    }

    /// Throws `DoesNotFit` unless the design fits or may overflow.
    public func requireFit() throws {
        guard !resources.fits && !allowOverflow else { return }
        throw DoesNotFit(message: resources.overflowMessage(part: part))
    }

    /// JSON, keys in alphabetical order.
    public func json() throws -> Data { try Report.encoder().encode(self) + Data("\n".utf8) }

    /// The estimate for people.
    public var text: String {
        var words = TextTable(["buffer", "words", "bits per word", "KiB"])
        for buffer in buffers {
            let kib = Double(buffer.words * buffer.wordBits) / 8192
            words.add([
                buffer.name, TextTable.grouped(buffer.words), TextTable.grouped(buffer.wordBits),
                TextTable.fixed(kib, 1),
            ])
        }
        let rate = memoryBytesPerS.map { "\(TextTable.fixed($0 / 1e9, 2)) GB/s" } ?? "without limit"
        let heading = [
            "\(lanes) \(pe) lanes at \(ConfigSection.text(clockHz / 1e6)) MHz: "
                + "peak \(TextTable.fixed(peakGops, 1)) GOPS",
            "weights \(weightBits) bits, activations \(activationBits) bits, accumulators \(accumulatorBits) bits",
            "external memory \(rate)",
        ]
        let sections = [heading, resources.scopeTable(), resources.table(part: part), words.lines]
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }
}
