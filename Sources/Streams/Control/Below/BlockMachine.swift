// Runs the control below the cone for one stretch of cycles after the other. Nothing of it reaches the cone, so a
// stretch is as long as one likes. A step whose inputs did not change is passed over; a net that is constant costs a look.

import Design
import RowKernels

/// The steps with their nets.
final class BlockMachine {
    let table: BlockNets
    let nets: UnsafeMutablePointer<BlockNet>
    let steps: UnsafeMutableBufferPointer<BlockStep>
    let walks: UnsafeMutableBufferPointer<UnsafeMutableBufferPointer<WalkRegister>>
    let circles: UnsafeMutableBufferPointer<CircleTable>
    let delays: UnsafeMutableBufferPointer<DelayLine>
    private let constants: [(net: Int, value: Int64)]
    /// Registers whose toggles are counted, by number of their nets; empty when not counting.
    private let counted: [Int]
    private let toggles: UnsafeMutablePointer<UInt64>

    /// The C kernels and this module compute the same.
    init(_ plan: BlockPlan, level: RowLevel) {
        table = BlockNets(plan.nets, level: level)
        nets = table.nets
        steps = .keeping(plan.steps)
        walks = .keeping(plan.walks.map { .keeping($0) })
        circles = .keeping(plan.circles.map { CircleTable($0) })
        (constants, counted) = (plan.constants, plan.counted)
        delays = .allocate(capacity: plan.delayDepths.count)
        for (index, depth) in plan.delayDepths.enumerated() {
            let past = UnsafeMutablePointer<Int64>.allocate(capacity: 2 * max(depth, BlockNet.most) + 8)
            past.initialize(repeating: 0, count: 2 * max(depth, BlockNet.most) + 8)
            delays.initializeElement(at: index, to: DelayLine(depth: depth, past: past, still: 0))
        }
        toggles = .allocate(capacity: table.count + 1)
        toggles.initialize(repeating: 0, count: table.count + 1)
    }

    deinit {
        for line in delays { line.past.deallocate() }
        delays.deallocate()
        for walk in walks { walk.deallocate() }
        for circle in circles { circle.deallocate() }
        steps.deallocate()
        walks.deallocate()
        circles.deallocate()
        toggles.deallocate()
    }

    /// Toggles of a counted register so far.
    func toggleCount(_ net: Int) -> UInt64 { toggles[net] }

    /// Computes all nets for `count` cycles; those from outside are there.
    func run(_ count: Int) {
        table.stretch += 1
        // New to those that read them first, then as they were.
        if table.stretch <= 2 { for constant in constants { nets[constant.net].hold(constant.value) } }
        for index in 0..<steps.count { run(steps.baseAddress! + index, count) }
        for net in counted { countToggles(net, count) }
    }

    @inline(__always) private func run(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        switch step.pointee.kind {
        case .bitLogic: evaluateBits(step, count)
        case .logic: evaluateLogic(step, count)
        case .register: takeRegister(step, count)
        case .delay: takeDelay(step, count)
        case .counter: takeCounter(step, count)
        case .walk: takeWalk(step, count)
        case .bitCircle: takeBitCircle(step, count)
        case .circle: takeCircle(step, count)
        }
    }

    /// Changes from each cycle to the next, the one after the stretch included.
    private func countToggles(_ index: Int, _ count: Int) {
        let net = nets + index
        guard net.pointee.state == .varying else { return }
        var total = 0
        if net.pointee.isBit {
            let bits = net.pointee.bits
            for word in 0..<(count &+ 63) >> 6 {
                var changes = bits[word] ^ (bits[word] >> 1 | bits[word &+ 1] << 63)
                let left = count &- 64 &* word
                if left < 64 { changes &= (1 &<< UInt64(truncatingIfNeeded: left)) &- 1 }
                total &+= changes.nonzeroBitCount
            }
        } else {
            let values = net.pointee.values
            let mask = (Int64(1) &<< Int64(net.pointee.width)) &- 1
            if let level = table.level {
                toggles[index] &+= ct_toggles(values, Int32(count), UInt64(bitPattern: mask), level)
                return
            }
            for cycle in 0..<count { total &+= ((values[cycle] ^ values[cycle &+ 1]) & mask).nonzeroBitCount }
        }
        toggles[index] &+= UInt64(total)
    }
}
