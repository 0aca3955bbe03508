// A step and a toggle count in C: what to compute, in the form that the kernels take.

import Design
import Fabric
import RowKernels

#if MUTANTS
    import Mutants
#endif

/// A step that the C kernels compute.
final class RowKernel {
    private let step: UnsafeMutablePointer<rk_step>
    private let runs: UnsafeMutablePointer<rk_run>
    private let sources: [StepSource]
    private let stride: Int
    private let level: Int32

    /// nil where the kernels do not know the operation.
    init?(_ output: RowNet, _ operation: StepOperation, _ form: RowStep.Form, _ runs: [LaneRun], level: RowLevel) {
        guard case .c(let number) = level, let (kind, parameter) = RowKernel.kind(operation),
            form.sources.allSatisfy({ $0.net?.layout == nil })
        else { return nil }
        if kind == RK_PACK || kind == RK_UNPACK, form.sources[0].kind != .rows { return nil }
        // The amount of a shift and the choice of lanes are scalars.
        let sharesSecond = [RK_SHIFT_RIGHT, RK_SHIFT_LEFT, RK_ROUND_SHIFT, RK_LANE_SELECT].contains(kind)
        if sharesSecond && form.sources[1].kind == .rows { return nil }
        if kind == RK_PRODUCT && form.bits.contains(where: { $0 > 32 }) { return nil }
        (self.level, sources, stride) = (number, form.sources, output.stride)
        self.runs = .allocate(capacity: max(1, runs.count))
        for (index, run) in runs.enumerated() { (self.runs + index).initialize(to: RowKernel.run(run)) }
        step = .allocate(capacity: 1)
        step.initialize(to: rk_step())
        step.pointee.kind = Int32(kind.rawValue)
        step.pointee.parameter = Int32(parameter)
        step.pointee.lanes = Int32(output.shape.lanes)
        step.pointee.element = Int32(output.element.bytes)
        step.pointee.width = Int32(output.shape.width)
        step.pointee.is_signed = output.shape.signed ? 1 : 0
        step.pointee.cuts = form.fits ? 0 : 1
        step.pointee.source_width = Int32(form.sources[0].net?.shape.width ?? 0)
        step.pointee.run_count = Int32(runs.count)
        step.pointee.choices = Int32(form.choices)
        step.pointee.runs = UnsafePointer(self.runs)
        withUnsafeMutablePointer(to: &step.pointee.sources) { tuple in
            tuple.withMemoryRebound(to: rk_source.self, capacity: 3) { all in
                for (index, source) in form.sources.enumerated() {
                    all[index].kind = source.kind == .rows ? 0 : 3
                    all[index].element = Int32(source.element.bytes)
                }
            }
        }
        step.pointee.is_grid = rk_is_grid(step)
        step.pointee.is_addition = rk_is_addition(step)
    }

    deinit {
        step.deallocate()
        runs.deallocate()
    }

    private static func run(_ run: LaneRun) -> rk_run {
        var result = rk_run()
        result.count = Int32(run.count)
        result.first = Int32(run.first)
        func three(_ values: [Int]) -> (Int32, Int32, Int32) {
            let all = values.map { Int32($0) } + [0, 0, 0]
            return (all[0], all[1], all[2])
        }
        result.offsets = three(run.offsets)
        result.strides = three(run.strides)
        result.zero = three(run.isZero.map { $0 ? 1 : 0 })
        return result
    }

    private static func kind(_ operation: StepOperation) -> (kind: rk_kind, parameter: Int)? {
        switch operation {
        case .copy: return (RK_COPY, 0)
        case .product: return (RK_PRODUCT, 0)
        case .logic(let kind, let parameter):
            switch kind {
            case .add: return (RK_ADD, 0)
            case .subtract: return (RK_SUBTRACT, 0)
            case .maximum: return (RK_MAXIMUM, 0)
            case .shiftRight: return (RK_SHIFT_RIGHT, 0)
            case .shiftLeft: return (RK_SHIFT_LEFT, 0)
            case .shiftLeftConstant: return (RK_SHIFT_LEFT_CONSTANT, parameter)
            case .roundShift: return (RK_ROUND_SHIFT, 0)
            case .saturate: return (RK_SATURATE, 0)
            case .slice: return (RK_SLICE, parameter)
            case .powerOfTwoShift: return (RK_CODE, parameter)
            case .pack: return (RK_PACK, parameter)
            case .unpack: return (RK_UNPACK, parameter)
            case .laneSelect: return (RK_LANE_SELECT, parameter)
            case .not, .and, .or, .xor, .equal, .lessThan, .multiplex, .register, .shiftRegister, .blockMemory,
                .dsp48e2:
                return nil
            }
        }
    }

    /// Rows of the cycles in `list`.
    func run(_ list: UnsafePointer<Int32>, _ count: Int, _ block: ControlBlock, _ rows: UnsafeMutableRawPointer) {
        if count == 0 { return }
        withUnsafeMutablePointer(to: &step.pointee.sources) { tuple in
            tuple.withMemoryRebound(to: rk_source.self, capacity: 3) { all in
                for index in 0..<sources.count { all[index] = source(sources[index], block) }
            }
        }
        rk_rows(step, list, Int32(count), rows.assumingMemoryBound(to: CChar.self), stride, level)
    }

    private func source(_ source: StepSource, _ block: ControlBlock) -> rk_source {
        var result = rk_source()
        switch source.kind {
        case .rows:
            result.kind = 0
            result.element = Int32(source.element.bytes)
            result.rows = UnsafePointer(source.pointers!)
        case .scalar:
            let history = block.histories[source.scalar]
            result.kind = history.isBit ? 2 : 1
            result.values = UnsafePointer(history.values)
            result.bits = UnsafePointer(history.bits)
        case .constant:
            result.kind = 3
            result.constant = source.constant
        }
        return result
    }
}
