import Design
import Diagnostics
import Foundation
import Kernel
import Output
import RTLEmitter

/// Inputs of `top` in every cycle, as the emitted harness reads them, and its outputs, as the harness writes them. They
/// go to files while the kernel runs.
final class StimulusRecorder: Observer {
    let window: Range<Int>
    private let ports: [RTLPort]
    private let inputs: RecordFile
    private let outputs: RecordFile

    /// Makes `stimulus` and `responses`, or empties them.
    init(ports: [RTLPort], cycles: Int, stimulus: URL, responses: URL) throws {
        self.ports = ports
        window = 0..<cycles
        inputs = try RecordFile(stimulus)
        outputs = try RecordFile(responses)
    }

    func observe(cycle: Int, _ state: StateView) throws {
        for port in ports {
            let record = StimulusRecorder.bytes(port, state)
            try (port.isInput ? inputs : outputs).append(record)
        }
    }

    /// Puts what waits in memory into the files.
    func finish() throws {
        try inputs.finish()
        try outputs.finish()
    }

    private static func bytes(_ port: RTLPort, _ state: StateView) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: port.bytes)
        for lane in 0..<port.lanes {
            let value = UInt64(bitPattern: state.value(port.net, lane: lane))
            for bit in 0..<port.width where (value >> UInt64(bit)) & 1 == 1 {
                let place = lane * port.width + bit
                bytes[place / 8] |= 1 << UInt8(place % 8)
            }
        }
        return bytes
    }
}

/// A file that grows record by record: however many there are, at most `capacity` bytes and one record wait in memory.
final class RecordFile {
    static let capacity = 1 << 20
    private let file: GrowingFile
    private var waiting = Data()
    /// The most bytes that have waited.
    private(set) var peak = 0

    init(_ url: URL) throws { file = try GrowingFile(url.path) }

    func append(_ bytes: [UInt8]) throws {
        waiting.append(contentsOf: bytes)
        peak = max(peak, waiting.count)
        if waiting.count >= RecordFile.capacity { try flush() }
    }

    func finish() throws {
        try flush()
        try file.finish()
    }

    private func flush() throws {
        try file.append(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
