// Control, or a part of it, as a Design of its own.
import Design
import Kernel

extension Separation {
    /// The Design without its data path: nets that lose their driver are inputs.
    package func controlDesign() -> Design { design(of: control, keeping: boundary) }

    /// The Design of some of its cells, whose outputs are those of the whole and the nets to keep.
    func design(of cells: [Int], keeping kept: [NetID]) -> Design {
        var result = design
        result.cells = cells.map { design.cells[$0] }
        let driven = Set(result.cells.flatMap { $0.outputs })
        let inputs = Set(design.inputs)
        for index in design.nets.indices {
            let id = NetID(index)
            guard !driven.contains(id), !inputs.contains(id) else { continue }
            result.inputs.append(id)
            result.nets[index].role = .input
        }
        result.outputs = Set(design.outputs + kept).filter { driven.contains($0) }.sorted()
        return result
    }
}
