// The part of a Design that decides its cycles. Data never influences control, so whoever asks only for time can leave
// out every cell from which no control port of memory, no probe and not `done` can be reached: the whole data path, and
// of control all that serves it alone, such as the walks of the buffers' addresses.

import Design

extension Accelerator {
    /// The accelerator without the cells that decide no cycle. Nets keep their numbers; those without a driver are inputs,
    /// which nobody needs to drive.
    package var timingCone: Accelerator {
        var driver = [Int?](repeating: nil, count: design.nets.count)
        for (index, cell) in design.cells.enumerated() {
            for id in cell.outputs { driver[id.index] = index }
        }
        var isKept = [Bool](repeating: false, count: design.cells.count)
        let ends = design.outputs.filter { $0 != memory.write.data } + probes.nets
        var nets = ends
        while let net = nets.popLast() {
            guard let cell = driver[net.index], !isKept[cell] else { continue }
            isKept[cell] = true
            nets += design.cells[cell].operands.compactMap(\.netID)
        }
        var cone = design
        cone.cells = design.cells.indices.filter { isKept[$0] }.map { design.cells[$0] }
        let driven = Set(cone.cells.flatMap(\.outputs)).union(design.inputs)
        for index in cone.nets.indices where !driven.contains(NetID(index)) {
            cone.nets[index].role = .input
            cone.inputs.append(NetID(index))
        }
        cone.outputs = design.outputs.filter { driven.contains($0) }
        return Accelerator(self, design: cone)
    }

    /// Outputs of the registers and shift registers that decide cycles: what a reset of the emitted text has to put to
    /// its power-up value so that the next program takes the cycles of the first. Registers of data need none: no
    /// result depends on what stood in them before its program.
    package var controlRegisters: Set<NetID> {
        var result: Set<NetID> = []
        for cell in timingCone.design.cells {
            switch cell {
            case .register(let cell): result.insert(cell.output)
            case .shiftRegister(let cell): result.insert(cell.output)
            case .logic, .memory, .dsp: break
            }
        }
        return result
    }
}
