import Design
import Fabric

// Data path: one step per bank of lanes. Lane maps become runs of constant stride when the plan is built, so the
// loops below see plain strided arrays. Hot primitives have vectorised loops; the rest share a generic one.

/// A stretch of lanes in which every operand advances by a constant stride (0 or more elements).
struct Run {
    var count: Int
    var destination: UnsafeMutableRawPointer
    var a: UnsafeRawPointer
    var b: UnsafeRawPointer
    var c: UnsafeRawPointer
    var strideA: Int
    var strideB: Int
    var strideC: Int
}

/// A fixed list of runs, owned by the storage.
typealias RunList = UnsafeBufferPointer<Run>

/// A logic cell over lanes. Plain data: copying it costs no reference counting.
struct VectorStep {
    var kind: PrimitiveKind
    var parameter: Int
    var width: Int
    var signed: Bool
    /// The unbounded result always fits: no truncation needed.
    var fits: Bool
    var destination: Element
    var a: Element
    var b: Element
    var c: Element
    var runs: RunList
    /// powerOfTwoShift: room for one activation per lane, and the runs joined where destination and codes continue;
    /// nil when a run has another shape.
    var scratch: UnsafeMutableRawPointer?
    var merged: RunList
    /// powerOfTwoShift: every run has one activation, adjacent codes and a multiple of eight lanes.
    var runsOfEight: Bool
    /// Run the step only when this scalar is non-zero; nil: always.
    var guardPointer: UnsafePointer<Int64>?
    /// laneSelect: the index operand and the bytes one index step moves operand a.
    var index: UnsafePointer<Int64>?
    var indexBytes: Int
    /// laneSelect: number of choices; an index past them reads the last.
    var choices: Int

    /// Whether the result can matter in this cycle.
    @inline(__always) var isNeeded: Bool {
        guard let guardPointer else { return true }
        return guardPointer.pointee != 0
    }

    /// Behind a pointer, so that a step is not copied to be run.
    @inline(never) static func evaluate(_ step: UnsafePointer<VectorStep>) {
        switch step.pointee.kind {
        case .add: step.pointee.addLanes()
        case .powerOfTwoShift: step.pointee.shiftLanes()
        case .multiplex: step.pointee.chooseLanes()
        case .laneSelect: step.pointee.selectLanes()
        case .slice: step.pointee.sliceLanes()
        case .shiftLeftConstant: step.pointee.multiplyLanes()
        default: step.pointee.genericLanes()
        }
    }

    private func genericLanes() { for run in runs { generic(run, offset: 0) } }

    private func addLanes() {
        switch (destination, a, b) {
        case (.int32, .int32, .int32): addRuns(Int32.self, Int32.self, Int32.self)
        case (.int64, .int64, .int64): addRuns(Int64.self, Int64.self, Int64.self)
        case (.int64, .int32, .int32): addRuns(Int64.self, Int32.self, Int32.self)
        case (.int64, .int64, .int32): addRuns(Int64.self, Int64.self, Int32.self)
        default: for run in runs { generic(run, offset: 0) }
        }
    }

    private func shiftLanes() {
        switch (destination, a, b) {
        case (.int32, .int32, .int32): shiftRuns(Int32.self)
        case (.int64, .int32, .int32): shiftRuns(Int64.self)
        default: for run in runs { generic(run, offset: 0) }
        }
    }

    /// Low bits that need no truncation are a copy.
    private func sliceLanes() {
        guard parameter == 0, fits else { return genericLanes() }
        for run in runs {
            switch (destination, a) {
            case (.int32, .int32): copy(run, run.a, run.strideA, Int32.self, Int32.self)
            case (.int32, .int64): copy(run, run.a, run.strideA, Int32.self, Int64.self)
            case (.int64, .int32): copy(run, run.a, run.strideA, Int64.self, Int32.self)
            case (.int64, .int64): copy(run, run.a, run.strideA, Int64.self, Int64.self)
            }
        }
    }

    private func multiplyLanes() {
        guard signed, destination == a, parameter < width else {
            for run in runs { generic(run, offset: 0) }
            return
        }
        if destination == .int32 { shiftRuns(left: Int32.self) } else { shiftRuns(left: Int64.self) }
    }

    @inline(__always)
    private func shiftRuns<D: FixedWidthInteger>(left _: D.Type) {
        let unused = D(D.bitWidth &- width)
        for run in runs {
            guard run.strideA == 1 else {
                generic(run, offset: 0)
                continue
            }
            let d = run.destination.assumingMemoryBound(to: D.self)
            let s = run.a.assumingMemoryBound(to: D.self)
            let amount = D(parameter) &+ unused
            for i in 0..<run.count { d[i] = (s[i] &<< amount) &>> unused }
        }
    }

    /// A scalar condition chooses whole stretches.
    private func chooseLanes() {
        for run in runs {
            let condition = value(a, run.a, 0)
            guard run.strideA == 0 || run.count == 1, fits else {
                generic(run, offset: 0)
                continue
            }
            let (source, stride, element) =
                condition != 0 ? (run.b, run.strideB, b) : (run.c, run.strideC, c)
            switch (destination, element) {
            case (.int32, .int32): copy(run, source, stride, Int32.self, Int32.self)
            case (.int32, .int64): copy(run, source, stride, Int32.self, Int64.self)
            case (.int64, .int32): copy(run, source, stride, Int64.self, Int32.self)
            case (.int64, .int64): copy(run, source, stride, Int64.self, Int64.self)
            }
        }
    }

    @inline(__always)
    private func copy<D: FixedWidthInteger, S: FixedWidthInteger>(
        _ run: Run, _ source: UnsafeRawPointer, _ stride: Int, _: D.Type, _: S.Type
    ) {
        let d = run.destination.assumingMemoryBound(to: D.self)
        let s = source.assumingMemoryBound(to: S.self)
        if stride == 1 {
            for i in 0..<run.count { d[i] = D(truncatingIfNeeded: s[i]) }
        } else {
            for i in 0..<run.count { d[i] = D(truncatingIfNeeded: s[i &* stride]) }
        }
    }

    // MARK: hot loops

    @inline(__always)
    private func addRuns<D: FixedWidthInteger, A: FixedWidthInteger, B: FixedWidthInteger>(
        _: D.Type, _: A.Type, _: B.Type
    ) {
        for run in runs {
            guard run.strideA == 1, run.strideB == 1, signed else {
                generic(run, offset: 0)
                continue
            }
            let d = run.destination.assumingMemoryBound(to: D.self)
            let a = run.a.assumingMemoryBound(to: A.self)
            let b = run.b.assumingMemoryBound(to: B.self)
            if fits || width == D.bitWidth {
                for i in 0..<run.count { d[i] = D(truncatingIfNeeded: a[i]) &+ D(truncatingIfNeeded: b[i]) }
            } else {
                let unused = D(D.bitWidth &- width)
                for i in 0..<run.count {
                    let sum = D(truncatingIfNeeded: a[i]) &+ D(truncatingIfNeeded: b[i])
                    d[i] = (sum &<< unused) &>> unused
                }
            }
        }
    }

    /// One activation meets the codes of a whole run when runs are multiples of eight lanes; else activations are
    /// spread over their lanes first, so that the loop over codes is long whatever the array's shape.
    @inline(__always)
    private func shiftRuns<D: FixedWidthInteger & SignedInteger>(_: D.Type) {
        guard let scratch, fits else {
            for run in runs { generic(run, offset: 0) }
            return
        }
        let n = Int32(parameter)
        let fieldMask = (Int32(1) << (n - 1)) - 1
        if D.self == Int32.self && runsOfEight { return shiftEights(n, fieldMask) }
        var spread = scratch.assumingMemoryBound(to: Int32.self)
        for run in runs {
            let x = run.a.load(as: Int32.self)
            for i in 0..<run.count { spread[i] = x }
            spread += run.count
        }
        var x = UnsafePointer(scratch.assumingMemoryBound(to: Int32.self))
        for run in merged {
            let d = run.destination.assumingMemoryBound(to: D.self)
            let codes = run.b.assumingMemoryBound(to: Int32.self)
            for i in 0..<run.count { d[i] = shifted(D(truncatingIfNeeded: x[i]), codes[i], n, fieldMask) }
            x += run.count
        }
    }

    @inline(__always)
    private func shiftEights(_ n: Int32, _ fieldMask: Int32) {
        typealias Eight = SIMD8<Int32>
        let mask = Eight(repeating: fieldMask)
        // One bit has no code for zero.
        let always = Eight(repeating: n == 1 ? -1 : 0)
        let signShift = Eight(repeating: n &- 1)
        for run in runs {
            let x = Eight(repeating: run.a.load(as: Int32.self))
            var codes = run.b
            var d = run.destination
            let end = d + 4 &* run.count
            while d < end {
                let code = codes.loadUnaligned(as: Eight.self)
                let field = code & mask
                let isZero = (field &- 1) &>> 31
                let magnitude = (x &<< (mask &- field)) & (always | ~isZero)
                let sign = 0 &- (code &>> signShift)
                d.storeBytes(of: (magnitude ^ sign) &- sign, as: Eight.self)
                codes += 32
                d += 32
            }
        }
    }

    /// x times the weight of a code, without a branch.
    @inline(__always)
    private func shifted<D: FixedWidthInteger & SignedInteger>(
        _ x: D, _ code: Int32, _ n: Int32, _ fieldMask: Int32
    ) -> D {
        let field = code & fieldMask
        let magnitude = field == 0 && n > 1 ? 0 : x &<< D(truncatingIfNeeded: fieldMask &- field)
        let sign = D(truncatingIfNeeded: 0 &- (code &>> (n &- 1)))
        return (magnitude ^ sign) &- sign
    }

    // MARK: any primitive

    private func selectLanes() {
        guard let index else { return }
        let choice = min(max(Int(index.pointee), 0), choices - 1)
        for run in runs { generic(run, offset: choice * indexBytes) }
    }

    @inline(__always)
    private func value(_ element: Element, _ pointer: UnsafeRawPointer, _ index: Int) -> Int64 {
        element == .int32
            ? Int64(pointer.load(fromByteOffset: 4 &* index, as: Int32.self))
            : pointer.load(fromByteOffset: 8 &* index, as: Int64.self)
    }

    @inline(__always)
    private func store(_ value: Int64, _ run: Run, _ index: Int) {
        let result = fits ? value : LogicMeaning.canonical(value, width: width, signed: signed)
        if destination == .int32 {
            run.destination.storeBytes(
                of: Int32(truncatingIfNeeded: result), toByteOffset: 4 &* index, as: Int32.self)
        } else {
            run.destination.storeBytes(of: result, toByteOffset: 8 &* index, as: Int64.self)
        }
    }

    private func generic(_ run: Run, offset: Int) {
        let source = run.a + offset
        switch kind {
        case .slice, .laneSelect:
            let amount = Int64(kind == .slice ? parameter : 0)
            for i in 0..<run.count { store(value(a, source, i &* run.strideA) &>> amount, run, i) }
        case .multiplex:
            for i in 0..<run.count {
                let condition = value(a, source, i &* run.strideA)
                store(
                    condition != 0
                        ? value(b, run.b, i &* run.strideB) : value(c, run.c, i &* run.strideC), run, i)
            }
        case .unpack:
            for i in 0..<run.count {
                let shift = Int64((i % parameter) &* width)
                store(value(a, source, i / parameter) &>> shift, run, i)
            }
        case .pack: pack(run)
        default:
            for i in 0..<run.count {
                store(
                    LogicMeaning.evaluate(
                        kind, value(a, source, i &* run.strideA), value(b, run.b, i &* run.strideB),
                        value(c, run.c, i &* run.strideC), parameter: parameter, width: width), run, i)
            }
        }
    }

    /// One result lane per `parameter` operand lanes; the operand's width stands in `strideB`.
    private func pack(_ run: Run) {
        let laneWidth = Int64(run.strideB)
        let mask = (Int64(1) << laneWidth) - 1
        for i in 0..<run.count {
            var word: Int64 = 0
            for j in 0..<parameter {
                word |= (value(a, run.a, i &* parameter &+ j) & mask) << (Int64(j) &* laneWidth)
            }
            if destination == .int32 {
                let result = LogicMeaning.canonical(word, width: width, signed: signed)
                run.destination.storeBytes(
                    of: Int32(truncatingIfNeeded: result), toByteOffset: 4 &* i, as: Int32.self)
            } else {
                let result = LogicMeaning.canonical(word, width: width, signed: signed)
                run.destination.storeBytes(of: result, toByteOffset: 8 &* i, as: Int64.self)
            }
        }
    }
}
