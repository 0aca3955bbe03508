import Accelerator

/// What runs between two stops of the machine.
public enum ProgramStep: Sendable, Equatable {
    /// The array, from `start` to `done`: byte addresses of the engines' instruction streams.
    case array([Opcode: Int])
    /// The host computes the layer of this index.
    case host(layer: Int)
}
