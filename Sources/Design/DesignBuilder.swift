import Fabric

// A small embedded hardware description language: elaborators call it, it appends nets and cells.

/// A handle on a net while a Design is being built.
public struct Signal: Sendable, Hashable {
    /// The net.
    public let id: NetID
    /// Bits per lane.
    public let width: Int
    /// Whether lanes are two's complement.
    public let signed: Bool
    /// Lanes of the net itself, whatever `map` reads of them.
    public let lanes: Int
    /// Lane map to apply where the signal is read; nil: as it is.
    public var map: LaneMap?

    /// The same net read through a lane map.
    public func mapped(_ dimensions: [LaneMap.Dimension], offset: Int = 0) -> Signal {
        var copy = self
        copy.map = LaneMap(dimensions, offset: offset)
        return copy
    }

    /// One lane, to every lane of the reader.
    public func lane(_ index: Int) -> Signal { mapped([.init(1, stride: 0)], offset: index) }

    var operand: Operand { .net(id, map) }

    /// Bits that hold every value in two's complement.
    var signedWidth: Int { signed ? width : width + 1 }
}

/// Something a cell can read.
public protocol Readable {
    /// What the cell is connected to.
    var asOperand: Operand { get }
}

extension Signal: Readable {
    /// The net, through the signal's lane map.
    public var asOperand: Operand { operand }
}

extension Int: Readable {
    /// A constant, the same in every lane.
    public var asOperand: Operand { .constant(Int64(self)) }
}

/// The number of the reading lane, as a constant.
public struct LaneIndex: Readable {
    /// The only value there is.
    public init() {}
    /// The lane's number.
    public var asOperand: Operand { .laneIndex }
}

/// Builds a Design; the current scope and instance array give new nets their place.
public struct DesignBuilder {
    /// What has been built so far.
    public internal(set) var design: Design
    private(set) var scope = 0
    private var array: (name: String, lanes: Int)?

    /// An empty design with the scope `top`; `about` says what it does.
    public init(name: String, about: String = "") {
        design = Design(
            name: name, scopes: [Scope(name: "top", parent: nil, about: about)], nets: [], cells: [], inputs: [],
            outputs: [])
    }

    /// Everything created until `endScope` stands in a new module instance `name` of the current scope. `about` says in
    /// a sentence or two what the module does; it heads the module's text.
    public mutating func beginScope(_ name: String, about: String = "") {
        design.scopes.append(Scope(name: name, parent: scope, about: about))
        scope = design.scopes.count - 1
    }

    /// Returns to the scope around the current one.
    public mutating func endScope() {
        guard let parent = design.scopes[scope].parent else { preconditionFailure("top has no outer scope") }
        scope = parent
    }

    /// Everything created in `body` has `lanes` lanes, named name[0] ... name[lanes-1].
    public mutating func inArray<T>(
        _ name: String, lanes: Int, _ body: (inout DesignBuilder) throws -> T
    ) rethrows -> T {
        let outer = array
        array = (name, lanes)
        defer { array = outer }
        return try body(&self)
    }

    // MARK: nets

    mutating func net(
        _ name: String, width: Int, signed: Bool, role: Net.Role, significantBits: Int? = nil
    ) -> Signal {
        let lanes = array?.lanes ?? 1
        design.nets.append(
            Net(
                name: name, scope: scope, array: array?.name, lanes: lanes, width: width, signed: signed, role: role,
                significantBits: significantBits ?? width))
        return Signal(id: NetID(design.nets.count - 1), width: width, signed: signed, lanes: lanes, map: nil)
    }

    /// A port of `top`; `meaning` is what it says, for the text's readers.
    public mutating func input(
        _ name: String, width: Int, signed: Bool = false, meaning: String? = nil
    ) -> Signal {
        let signal = net(name, width: width, signed: signed, role: .input)
        design.inputs.append(signal.id)
        design.meanings[signal.id] = meaning
        return signal
    }

    /// Makes a net a port of `top`; `meaning` is what it says, for the text's readers.
    public mutating func output(_ signal: Signal, meaning: String? = nil) {
        design.outputs.append(signal.id)
        design.meanings[signal.id] = meaning
    }

    // MARK: logic

    /// A logic cell. `name` nil makes an intermediate net, which traces leave out. Its name is `term`; nil: `build`
    /// names it by what it is.
    public mutating func logic(
        _ kind: PrimitiveKind, _ operands: [any Readable], width: Int, signed: Bool = false, name: String? = nil,
        term: String? = nil, parameter: Int = 0
    ) -> Signal {
        let output: Signal
        if let name {
            output = net(name, width: width, signed: signed, role: .wire)
        } else {
            output = net(term ?? "", width: width, signed: signed, role: .temporary)
        }
        drive(output, kind, operands, parameter: parameter)
        return output
    }

    /// A wire whose driver follows later, for feedback between modules.
    public mutating func wire(_ name: String, width: Int, signed: Bool = false) -> Signal {
        net(name, width: width, signed: signed, role: .wire)
    }

    /// Drives a wire made by `wire`.
    public mutating func drive(
        _ output: Signal, _ kind: PrimitiveKind, _ operands: [any Readable], parameter: Int = 0
    ) {
        design.cells.append(
            .logic(
                LogicCell(
                    kind: kind, output: output.id, operands: operands.map { $0.asOperand }, parameter: parameter)))
    }

    /// Drives a wire with another signal of any width (truncated or extended).
    public mutating func drive(_ output: Signal, with source: any Readable) { drive(output, .slice, [source]) }

    // MARK: state

    /// A register whose input follows later by `connect`.
    public mutating func register(_ name: String, width: Int, signed: Bool = false) -> Signal {
        net(name, width: width, signed: signed, role: .register)
    }

    /// Connects a register made by `register(_:width:signed:)`.
    public mutating func connect(
        _ output: Signal, next data: any Readable, enable: (any Readable)? = nil, reset: (any Readable)? = nil,
        initial: Int = 0
    ) {
        design.cells.append(
            .register(
                RegisterCell(
                    output: output.id, data: data.asOperand, enable: enable?.asOperand, reset: reset?.asOperand,
                    initial: Int64(initial))))
    }

    /// A register of `data`.
    public mutating func register(
        _ name: String, _ data: Signal, enable: (any Readable)? = nil, reset: (any Readable)? = nil, initial: Int = 0
    ) -> Signal {
        let output = register(name, width: data.width, signed: data.signed)
        connect(output, next: data, enable: enable, reset: reset, initial: initial)
        return output
    }

    /// `data` delayed by `depth` enabled cycles in SRLs (a register when depth is 1, `data` itself when 0). The enable of
    /// SRLs is one for all lanes.
    public mutating func delayed(
        _ name: String, _ data: Signal, by depth: Int, enable: (any Readable)? = nil
    ) -> Signal {
        if depth == 0 { return data }
        if depth == 1 { return register(name, data, enable: enable) }
        let output = net(name, width: data.width, signed: data.signed, role: .register)
        design.cells.append(
            .shiftRegister(
                ShiftRegisterCell(output: output.id, data: data.operand, depth: depth, enable: enable?.asOperand)))
        return output
    }

    /// Ports of a memory besides its word; `MemoryCell` says what each does.
    public struct MemoryPorts {
        /// By bank where it is a vector.
        public var writeEnable: any Readable
        /// The word that is written.
        public var writeAddress: any Readable
        /// What is written, lane by lane.
        public var writeData: Signal
        /// Whether the latch takes a word.
        public var readEnable: any Readable
        /// The word that is read.
        public var readAddress: any Readable
        /// Clock enable of the output register; nil: there is none.
        public var outputEnable: (any Readable)?

        /// The ports of one memory.
        public init(
            writeEnable: any Readable, writeAddress: any Readable, writeData: Signal, readEnable: any Readable,
            readAddress: any Readable, outputEnable: (any Readable)?
        ) {
            self.writeEnable = writeEnable
            self.writeAddress = writeAddress
            self.writeData = writeData
            self.readEnable = readEnable
            self.readAddress = readAddress
            self.outputEnable = outputEnable
        }
    }

    /// A block memory whose word is all lanes of the current array; the read latency is 1 cycle, 2 with an output
    /// enable (`BlockMemoryMeaning`). Returns the last stage.
    public mutating func memory(
        _ name: String, depth: Int, width: Int, signed: Bool, lanesPerBank: Int, _ ports: MemoryPorts
    ) -> Signal {
        let hidden = ports.outputEnable != nil
        let latch = net(
            "\(name)_latch", width: width, signed: signed, role: hidden ? .hiddenRegister : .primitiveRegister)
        let output = ports.outputEnable.map { _ in
            net("\(name)_q", width: width, signed: signed, role: .primitiveRegister)
        }
        design.cells.append(
            .memory(
                MemoryCell(
                    name: name, scope: scope, depth: depth, writeEnable: ports.writeEnable.asOperand,
                    writeAddress: ports.writeAddress.asOperand, writeData: ports.writeData.asOperand,
                    readEnable: ports.readEnable.asOperand, readAddress: ports.readAddress.asOperand,
                    latch: latch.id, output: output?.id, outputEnable: ports.outputEnable?.asOperand,
                    lanesPerBank: lanesPerBank)))
        return output ?? latch
    }

    /// The finished Design, whose intermediate nets have no names before somebody reads them (`Design.named`); throws the
    /// `DesignError` of the first rule of `Design.validate` that it breaks.
    public func build() throws -> Design {
        try design.validate()
        return design
    }
}
