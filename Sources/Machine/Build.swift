// A network on an accelerator, ready to run: what simulations, co-simulations, sweeps, benches and tests have in common.

import Accelerator
import ExternalMemory
import Kernel
import Networks
import Schedule

/// What runs on which accelerator with which memory: the same for all images.
package struct Build: Sendable {
    /// The accelerator.
    package let accelerator: Accelerator
    /// The network as this machine runs it: layers of the host are marked.
    package let network: QuantizedNetwork
    /// The network compiled for the accelerator.
    package let program: CompiledNetwork
    /// External memory.
    package var memory: MemoryModel
    /// The core clock, for the host's time and for traces.
    package let clockMHz: Double

    /// A network compiled already.
    init(
        _ accelerator: Accelerator, _ network: QuantizedNetwork, _ program: CompiledNetwork, _ memory: MemoryModel,
        _ clockMHz: Double
    ) {
        self.accelerator = accelerator
        self.network = network
        self.program = program
        self.memory = memory
        self.clockMHz = clockMHz
    }

    /// What a build is asked for besides what runs where.
    package struct Options: Sendable {
        /// The core clock.
        package var clockMHz: Double
        /// How tiles are chosen.
        package var search: ScheduleOptions.Search
        /// Whether convolutions of few channels may read the network's input in a layout of their own.
        package var unrollsInput: Bool
        /// A build that is only timed needs no weights in memory.
        package var storesWeights: Bool

        /// The best tiles at 200 MHz, a plain input, with weights, unless said otherwise.
        package init(
            clockMHz: Double = 200, search: ScheduleOptions.Search = .optimal, unrollsInput: Bool = false,
            storesWeights: Bool = true
        ) {
            self.clockMHz = clockMHz
            self.search = search
            self.unrollsInput = unrollsInput
            self.storesWeights = storesWeights
        }
    }

    /// Compiles a network for an accelerator; nothing is simulated yet. Throws `InputError` where a layer does not fit
    /// the buffers.
    package static func make(
        _ network: QuantizedNetwork, on accelerator: Accelerator, memory: MemoryModel, _ options: Options = Options()
    ) throws -> Build {
        let p = accelerator.parameters
        let program = try Scheduler.compile(
            network, for: p,
            options: ScheduleOptions(
                search: options.search, unrollsInput: options.unrollsInput,
                memory: .init(memory, for: p)),
            storesWeights: options.storesWeights)
        return Build(accelerator, network, program, memory, options.clockMHz)
    }

    /// A machine with an image in its memory, from power-up.
    package func machine(with input: IntegerTensor, options: PlanOptions) throws -> Machine {
        try Machine.assemble(accelerator, program, input: input, memory: memory, options: options)
    }
}
