import Accelerator

struct RoughClock {
    private var ends: [Int] = []
    init(_ program: [Instruction], _ p: AcceleratorParameters, _ memory: ScheduleOptions.Memory) {
        var free = [0, 0, 0]
        var tokens: [[Int]] = Array(repeating: [], count: 9)
        var heads = [Int](repeating: 0, count: 9)
        // In program order every giver comes before its taker.
        let fields: [(pop: [InstructionField], push: [InstructionField])] = [
            ([CommonField.popLoad, CommonField.popCompute, CommonField.popStore], [CommonField.pushLoad, CommonField.pushCompute, CommonField.pushStore])
        ]
        for i in program {
            let engine = i[CommonField.opcode]
            var begin = free[engine]
            for giver in 0..<3 where i[fields[0].pop[giver]] == 1 {
                let queue = giver * 3 + engine
                begin = max(begin, tokens[queue][heads[queue]])
                heads[queue] += 1
            }
            var cycles = 0
            func moved(_ beats: Int, _ bytes: Int) -> Int {
                guard let rate = memory.bytesPerCycle65536 else { return beats }
                return max(beats, (beats * bytes << 16) / max(1, rate))
            }
            switch Opcode(rawValue: engine)! {
            case .load:
                let beats = CyclePrediction.loadBeats(i)
                cycles = max(beats.written, moved(beats.read, p.loadBeatBytes(i))) + p.loadOverhead + memory.latency - 1
            case .compute: cycles = p.computeCycles(i)
            case .store: cycles = moved(CyclePrediction.storeBeats(i), p.beatBytes) + AcceleratorParameters.storeOverhead + memory.latency - 1
            case .end: break
            }
            let end = begin + cycles
            free[engine] = end
            ends.append(end)
            for taker in 0..<3 where i[fields[0].push[taker]] == 1 { tokens[engine * 3 + taker].append(end) }
        }
    }
    func end(of range: Range<Int>) -> Int { ends[range].max() ?? 0 }
}
