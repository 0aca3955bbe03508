// Images on the streams: one control for all of them, the data path of each a block behind.

import Accelerator
import Diagnostics
import ExternalMemory
import Kernel
import Networks
import Observation
import Schedule
import Streams

/// What all runs of an accelerator on streams share.
package struct StreamRun {
    package let build: Build
    package let separation: Separation
    package let options: DataPath.Options

    /// Cycles of a block.
    package static let blockCycles = 512

    /// Throws `Separation.Obstacle` where the accelerator's Design does not fall apart.
    package init(_ build: Build, countsToggles: Bool, level: RowLevel = .best, capacity: Int = blockCycles) throws {
        self.build = build
        separation = try Separation(build.accelerator.design, memory: build.accelerator.memory)
        options = DataPath.Options(countsToggles: countsToggles, capacity: capacity, level: level)
    }

    /// The result of a run on streams.
    package struct Outcome {
        package var images: [ImageState]
        package var causes: [CycleCauses]
        package var traffic: [(read: Int, written: Int)]
        package var readBytes: Int
        package var writtenBytes: Int
        package var cycles: Int
        /// Of control's registers, by net: those of each image.
        package var control: ControlStream
        package var path: DataPath
    }

    /// Runs the program for images; nil when interrupted.
    package func run(_ inputs: [IntegerTensor], interrupted: () -> Bool, progress: (Double) -> Void) throws -> Outcome? {
        let (accelerator, program) = (build.accelerator, build.program)
        let traffic = TrafficLog(
            instructions: program.instructionBytes, at: program.instructionPlace.lowerBound,
            memoryBytes: program.memoryBytes)
        let control = try ControlStream(plain: separation, traffic: traffic, countsToggles: options.countsToggles)
        control.attach(SimpleMemory(traffic, interface: accelerator.memory, timing: build.timing))
        var ends: [(read: Int, written: Int)] = []
        let monitor = RunMonitor(
            probes: accelerator.probes, stores: program.layers.filter { !$0.isOnHost }.map { $0.stores },
            layerEnded: { _ in ends.append((traffic.bytesRead, traffic.bytesWritten)) })
        control.attach(monitor)
        let path = try DataPath(separation, beat: accelerator.memory.beat, options: options)
        let images = inputs.map { path.makeImage(program.memoryImage(input: $0)) }
        let block = ControlBlock(separation.boundary, of: accelerator.design, capacity: options.capacity)
        let limit = CycleLimit.cycles(program, build.timing)
        for step in program.steps {
            switch step {
            case .array(let streams):
                control.attach(HostStart(streams, accelerator, inputs: control.inputs, cycle: control.cycle))
                repeat {
                    try control.fill(block, stop: accelerator.ports.done, limit: limit)
                    if let fault = traffic.fault { throw Defect("memory fault: \(fault)") }
                    try path.run(block, images)
                    progress(min(1, Double(control.cycle) / Double(max(1, program.predictedCycles))))
                    if interrupted() { return nil }
                    if !block.isLast && control.cycle >= limit {
                        throw Defect(
                            "deadlock: not done after \(control.cycle) cycles; the program predicts \(program.predictedCycles)")
                    }
                } while !block.isLast
            case .host(let layer):
                for image in images { try program.compute(layer, in: image) }
            }
        }
        return Outcome(
            images: images, causes: monitor.causes, traffic: ends, readBytes: traffic.bytesRead,
            writtenBytes: traffic.bytesWritten, cycles: control.cycle, control: control, path: path)
    }
}

extension CompiledNetwork {
    /// Computes a host layer on the maps in an image's memory and writes its result there.
    func compute(_ index: Int, in image: ImageState) throws {
        let contents = MemoryContents(image.bytes)
        try compute(index, in: contents)
        image.withMemory { memory in contents.bytes.withUnsafeBytes { memory.copyMemory(from: $0) } }
    }
}

extension ImageState {
    /// A copy of external memory.
    package var bytes: [UInt8] { withMemory { Array($0) } }
}
