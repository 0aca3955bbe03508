// What the cycle loop reads.

/// The plan's tables as plain memory: the cycle loop touches no reference counts.
struct StepTables {
    let scalars: UnsafeBufferPointer<ScalarStep>
    let vectors: UnsafeBufferPointer<VectorStep>
    let sections: UnsafeBufferPointer<SimulationPlan.Section>
    let segments: UnsafeBufferPointer<SimulationPlan.Segment>
    let snapshots: UnsafeBufferPointer<SimulationPlan.Snapshot>
    let scalarRegisters: UnsafeBufferPointer<ScalarRegisterStep>
    let groups: UnsafeBufferPointer<SimulationPlan.CommitGroup>
    let registers: UnsafeBufferPointer<VectorRegisterStep>
    let fused: UnsafeBufferPointer<SimulationPlan.FusedRegister>
    let shiftRegisters: UnsafeBufferPointer<ShiftRegisterStep>
    let memories: UnsafeBufferPointer<MemoryStep>
    let dsps: UnsafeBufferPointer<DSPStep>
    let banks: UnsafeBufferPointer<SimulationPlan.Bank>

    init(_ plan: SimulationPlan, _ storage: Storage) {
        scalars = storage.keep(plan.scalars)
        vectors = storage.keep(plan.vectors)
        sections = storage.keep(plan.sections)
        segments = storage.keep(plan.segments)
        snapshots = storage.keep(plan.snapshots)
        scalarRegisters = storage.keep(plan.scalarRegisters)
        groups = storage.keep(plan.groups)
        registers = storage.keep(plan.registers)
        fused = storage.keep(plan.fused)
        shiftRegisters = storage.keep(plan.shiftRegisters)
        memories = storage.keep(plan.memories)
        dsps = storage.keep(plan.dsps)
        banks = storage.keep(plan.banks)
    }
}
