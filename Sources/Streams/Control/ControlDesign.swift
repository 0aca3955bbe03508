// Control as a Design of its own.
import Design
import Kernel

extension Separation {
    /// The Design without its data path: nets that lose their driver are inputs.
    package func controlDesign() -> Design {
        var result = design
        result.cells = control.map { design.cells[$0] }
        let driven = Set(result.cells.flatMap { $0.outputs })
        let inputs = Set(design.inputs)
        for index in design.nets.indices {
            let id = NetID(index)
            guard !driven.contains(id), !inputs.contains(id) else { continue }
            result.inputs.append(id)
            result.nets[index].role = .input
        }
        result.outputs = (design.outputs + boundary).filter { driven.contains($0) }
        return result
    }
}
