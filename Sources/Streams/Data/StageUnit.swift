// Registers that feed each other where every bit that changes is counted: products, sums and copies. They run cycle by cycle
// in C and in place (RowKernels/stages.c), so that no row of theirs is written down but those that others read. Without C
// each of these registers is a unit of its own, and so it is where toggles are not counted.

import Design
import Fabric
import RowKernels

/// What a register among stages takes.
struct StageForm {
    struct Term {
        var net: Int
        /// Bytes of a lane, and into the net's row for both halves of each vector.
        var element: Int
        var offsets: [Int32]
    }
    struct Product {
        var node: Int
        var x: Int
        var w: Int
        /// As rk_stage_product has it.
        var kind: Int
        var codeBits: Int
        var xOffsets: [Int32]
        var wOffsets: [Int32]
        /// Bytes of a weight.
        var wElement: Int
    }
    var node: Int
    var output: Int
    var terms: [Term] = []
    var product: Product?

    /// Vectors of which all operands lie side by side and have one activation: 4, 2 or 1; 0 where not even the halves of
    /// each vector do. `element`: bytes of a lane of the result.
    func group(element: Int) -> Int {
        let vectors = (terms.first?.offsets.count ?? product?.xOffsets.count ?? 0) / 2
        return [4, 2, 1].first { group in
            vectors % group == 0
                && stride(from: 0, to: vectors, by: group).allSatisfy { isTogether($0, group, element) }
        } ?? 0
    }

    private func isTogether(_ first: Int, _ group: Int, _ element: Int) -> Bool {
        let halves = 0..<2 * group
        let terms = terms.allSatisfy { term in
            halves.allSatisfy { half in
                Int(term.offsets[2 * first + half]) == Int(term.offsets[2 * first]) + 16 * half * term.element / element
            }
        }
        guard terms, let product else { return terms }
        return halves.allSatisfy { product.xOffsets[2 * first + $0] == product.xOffsets[2 * first] }
            && (0..<group).allSatisfy { vector in
                Int(product.wOffsets[first + vector]) == Int(product.wOffsets[first]) + 8 * vector * product.wElement
            }
    }
}

/// Runs the stages of a data path.
final class StageUnit: RowUnit {
    struct Stage {
        var form: StageForm
        var events: Events
        /// Somebody else reads the rows.
        var isExported: Bool
    }
    private let nets: [RowNet]
    private let stages: [Stage]
    /// Each once.
    private let events: [Events]
    private let words: UnsafeMutablePointer<UnsafePointer<UInt64>?>
    private let kernel: UnsafeMutablePointer<rk_stage>
    private var tables: [UnsafeMutablePointer<Int32>] = []
    private let level: Int32

    /// `stages`: those that read others come first; `level` as `rk_level` has it, at least 1.
    init(_ stages: [Stage], _ nets: [RowNet], level: Int32) {
        self.level = level
        (self.stages, self.nets) = (stages, stages.map { nets[$0.form.output] })
        var events: [Events] = []
        for stage in stages where !events.contains(where: { $0 === stage.events }) { events.append(stage.events) }
        self.events = events
        words = .allocate(capacity: events.count)
        for (index, one) in events.enumerated() { (words + index).initialize(to: UnsafePointer(one.words)) }
        kernel = .allocate(capacity: stages.count)
        super.init()
        for index in stages.indices { (kernel + index).initialize(to: bound(index, nets)) }
    }

    deinit {
        for index in stages.indices { RowNet.release(kernel[index].row) }
        for table in tables { table.deallocate() }
        kernel.deallocate()
        words.deallocate()
    }

    /// A stage as C takes it.
    private func bound(_ index: Int, _ nets: [RowNet]) -> rk_stage {
        let (form, net) = (stages[index].form, self.nets[index])
        var stage = rk_stage()
        stage.row = RowNet.zeros(net.stride).assumingMemoryBound(to: CChar.self)
        stage.element = Int32(net.element.bytes)
        stage.vectors = Int32(net.shape.lanes * net.element.bytes / 32)
        stage.group = Int32(form.group(element: net.element.bytes))
        stage.events = Int32(events.firstIndex { $0 === stages[index].events }!)
        stage.term_count = Int32(form.terms.count)
        let terms = form.terms.map { term in
            var result = rk_term_row()
            let member = stages.firstIndex { $0.form.output == term.net }
            result.stage = Int32(member ?? -1)
            result.element = Int32(term.element)
            result.rows = UnsafePointer(nets[term.net].pointers)
            result.offsets = UnsafePointer(table(term.offsets))
            return result
        }
        if terms.count > 0 { stage.terms.0 = terms[0] }
        if terms.count > 1 { stage.terms.1 = terms[1] }
        if let product = form.product {
            stage.product = rk_stage_product(
                kind: Int32(product.kind), code_bits: Int32(product.codeBits),
                x_element: Int32(nets[product.x].element.bytes), x: UnsafePointer(nets[product.x].pointers),
                w: UnsafePointer(nets[product.w].pointers),
                x_offsets: UnsafePointer(table(product.xOffsets)), w_offsets: UnsafePointer(table(product.wOffsets)))
        }
        let counted = RowToggles.counted(net)
        (stage.mask, stage.extra) = (counted.mask(everyLane: net.element), Int32(counted.extra))
        if stages[index].isExported {
            net.makePool()
            stage.pointers = net.pointers
            stage.pool = net.pool.assumingMemoryBound(to: CChar.self)
            stage.stride = net.stride
        }
        return stage
    }

    private func table(_ values: [Int32]) -> UnsafeMutablePointer<Int32> {
        let result = UnsafeMutablePointer<Int32>.allocate(capacity: values.count)
        result.initialize(from: values, count: values.count)
        tables.append(result)
        return result
    }

    override func run(_ block: ControlBlock, serial: Int32) {
        for (index, net) in nets.enumerated() {
            UnsafeMutableRawPointer(kernel[index].row).copyMemory(from: net.pointers[0]!, byteCount: net.stride)
        }
        rk_stages(kernel, Int32(stages.count), words, Int32(events.count), Int32(block.count), level)
        for (index, net) in nets.enumerated() {
            net.toggles &+= kernel[index].toggles &* UInt64(net.copies)
            if stages[index].isExported {
                net.used = Int(kernel[index].used)
                net.hold(stages[index].events, block.count)
            } else {
                net.pointers[block.count] = UnsafeRawPointer(kernel[index].row)
            }
        }
    }
}
