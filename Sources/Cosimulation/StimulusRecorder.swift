import Design
import Foundation
import Kernel
import RTLEmitter

/// Inputs of `top` in every cycle, as the emitted harness reads them, and its outputs, as the harness writes them.
final class StimulusRecorder: Observer {
    let window: Range<Int>
    private let ports: [RTLPort]
    private(set) var inputs = Data()
    private(set) var outputs = Data()

    init(ports: [RTLPort], cycles: Int) {
        self.ports = ports
        window = 0..<cycles
    }

    func observe(cycle: Int, _ state: StateView) {
        for port in ports {
            let record = StimulusRecorder.bytes(port, state)
            if port.isInput { inputs.append(contentsOf: record) } else { outputs.append(contentsOf: record) }
        }
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
