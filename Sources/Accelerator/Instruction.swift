// The tile program's instruction format: 12 words of 32 bits, three 128-bit beats. docs/internals/Instructions.md shows
// it as a table. Loads, computes and stores go to their engine in program order; dependency tokens order the engines.

/// Bits [low, low + width) of one instruction word.
public struct InstructionField: Sendable, Hashable {
    /// Its name in docs/internals/Instructions.md and in nets.
    public let name: String
    /// Index of the word.
    public let word: Int
    /// Lowest bit in the word.
    public let low: Int
    /// Bits.
    public let width: Int

    init(_ name: String, _ word: Int, _ low: Int, _ width: Int) {
        self.name = name
        self.word = word
        self.low = low
        self.width = width
    }
}

/// One instruction as it stands in memory.
public struct Instruction: Sendable, Hashable, Codable {
    /// 32-bit words of an instruction.
    public static let words = 12
    /// 128-bit beats that an instruction takes on the fetch port.
    public static let beats = words / 4
    /// Bytes that an instruction takes in external memory.
    public static let bytes = words * 4
    /// The words, in the order of memory.
    public var words = [UInt32](repeating: 0, count: Instruction.words)

    /// All fields zero.
    public init() {}

    /// A field's value; setting traps where it does not fit.
    public subscript(field: InstructionField) -> Int {
        get {
            let mask = field.width == 32 ? UInt32.max : (UInt32(1) << UInt32(field.width)) - 1
            return Int((words[field.word] >> UInt32(field.low)) & mask)
        }
        set {
            let mask = field.width == 32 ? UInt32.max : (UInt32(1) << UInt32(field.width)) - 1
            precondition(newValue >= 0 && newValue <= Int(mask), "\(field.name): \(newValue) needs \(field.width) bits")
            words[field.word] &= ~(mask << UInt32(field.low))
            words[field.word] |= UInt32(newValue) << UInt32(field.low)
        }
    }

    /// Sets a field modulo its width: address differences that may be negative.
    public mutating func set(_ field: InstructionField, wrapping value: Int) {
        self[field] = value & ((1 << field.width) - 1)
    }
}

/// Engines, by the opcode that addresses them.
public enum Opcode: Int, Sendable, Codable, CaseIterable {
    case load, compute, store, end
}

/// Fields common to all instructions: the opcode and the tokens to wait for (`pop`) and to give (`push`).
public enum CommonField {
    /// An `Opcode`.
    public static let opcode = InstructionField("opcode", 0, 0, 2)
    /// 1: takes a token that the engine of the name gives (pop), gives one to it (push).
    public static let popLoad = InstructionField("pop_load", 0, 2, 1)
    /// See `popLoad`.
    public static let popCompute = InstructionField("pop_compute", 0, 3, 1)
    /// See `popLoad`.
    public static let popStore = InstructionField("pop_store", 0, 4, 1)
    /// See `popLoad`.
    public static let pushLoad = InstructionField("push_load", 0, 5, 1)
    /// See `popLoad`.
    public static let pushCompute = InstructionField("push_compute", 0, 6, 1)
    /// See `popLoad`.
    public static let pushStore = InstructionField("push_store", 0, 7, 1)
}

/// Buffers that loads fill.
public enum LoadTarget: Int, Sendable, Codable, CaseIterable {
    case ifmap, weights, constants, residual

    /// It is filled word by word, beats going round the banks: not a feature map.
    var isWords: Bool { self == .weights || self == .constants }
}

/// Load: planes x rows x columns of beats from external memory into a buffer; rows and columns outside the valid
/// rectangle are filled instead of read.
public enum LoadField {
    /// A `LoadTarget`.
    public static let target = InstructionField("target", 0, 8, 2)
    /// 1: fill with the smallest activation (max pooling), 0: with zero.
    public static let fillMinimum = InstructionField("fill_minimum", 0, 10, 1)
    /// 1: beats go round the word's banks, the address advances when all are written, there is no padding, and beats are
    /// wide where the accelerator has such; 0: one bank, one beat a word.
    public static let roundBanks = InstructionField("round_banks", 0, 11, 1)
    /// 1: the beats are words of pre-activation constants; the target is `constants` and not written.
    public static let toPreActivation = InstructionField("to_pre_activation", 0, 12, 1)
    /// 1: beats from memory go through the pre-activation.
    public static let preActivation = InstructionField("pre_activation", 0, 13, 1)
    /// 1: the pre-activation clamps below zero.
    public static let preActivationRelu = InstructionField("pre_activation_relu", 0, 14, 1)
    /// The first bank of the word that is filled.
    public static let bank = InstructionField("bank", 0, 16, 16)
    /// Byte address of the first valid beat.
    public static let address = InstructionField("address", 1, 0, 32)
    /// Bytes from plane to plane.
    public static let planeStride = InstructionField("plane_stride", 2, 0, 32)
    /// Bytes from row to row.
    public static let rowStride = InstructionField("row_stride", 3, 0, 32)
    /// Planes less one.
    public static let lastPlane = InstructionField("last_plane", 4, 0, 16)
    /// Rows less one, padding included.
    public static let lastRow = InstructionField("last_row", 4, 16, 16)
    /// Rows of padding on top.
    public static let firstValidRow = InstructionField("first_valid_row", 5, 0, 16)
    /// Valid rows less one.
    public static let lastValidRow = InstructionField("last_valid_row", 5, 16, 16)
    /// Columns less one, padding included.
    public static let lastColumn = InstructionField("last_column", 6, 0, 16)
    /// Columns of padding on the left.
    public static let firstValidColumn = InstructionField("first_valid_column", 6, 16, 16)
    /// Valid columns less one: the length of a request, as AXI writes it.
    public static let lastValidColumn = InstructionField("last_valid_column", 7, 0, 16)
    /// Word of the buffer of the first position.
    public static let bufferAddress = InstructionField("buffer_address", 7, 16, 16)
    /// Words from row to row.
    public static let bufferRowStep = InstructionField("buffer_row_step", 8, 0, 16)
    /// Words from plane to plane.
    public static let bufferPlaneStep = InstructionField("buffer_plane_step", 8, 16, 16)
    /// Word of the first plane's pre-activation constants; the next plane's follow.
    public static let preActivationAddress = InstructionField("pre_activation_address", 9, 0, 16)
    /// Rounding right shift of the pre-activation.
    public static let preActivationShift = InstructionField("pre_activation_shift", 9, 16, 6)
}

/// What the compute engine does.
public enum ComputeMode: Int, Sendable, Codable, CaseIterable {
    case convolution, maxPool, sumPool
}

/// Compute: the loop nest output group, row, column, pass, input group, kernel row, kernel column over one tile, and
/// the requantization of its results. Counts are stored less one.
public enum ComputeField {
    /// A `ComputeMode`.
    public static let mode = InstructionField("mode", 0, 8, 2)
    /// 1: results below zero are zero.
    public static let relu = InstructionField("relu", 0, 10, 1)
    /// 1: the residual buffer's word is added.
    public static let addResidual = InstructionField("add_residual", 0, 11, 1)
    /// Convolutions whose weights come in parts, an instruction each: 1 in all but the first, which goes on with the
    /// sums that the instruction before has left, and 1 in all but the last, which leaves sums and no results.
    public static let keepSums = InstructionField("keep_sums", 0, 12, 1)
    /// See `keepSums`.
    public static let leaveSums = InstructionField("leave_sums", 0, 13, 1)
    /// Granule of the input word that pooling works on.
    public static let poolGranule = InstructionField("pool_granule", 0, 16, 8)
    /// First word of the ifmap buffer.
    public static let ifmapAddress = InstructionField("ifmap_address", 1, 0, 16)
    /// First word of the weights, which are read in storage order.
    public static let weightAddress = InstructionField("weight_address", 1, 16, 16)
    /// Word of the first output group's constants; the next group's follow.
    public static let constantAddress = InstructionField("constant_address", 2, 0, 16)
    /// Word of the first residual; the others follow in the order of the results.
    public static let residualAddress = InstructionField("residual_address", 2, 16, 16)
    /// Word of the first result; results go to consecutive words.
    public static let ofmapAddress = InstructionField("ofmap_address", 3, 0, 16)
    /// Groups of `outputs` channels, less one.
    public static let lastOutputGroup = InstructionField("last_output_group", 3, 16, 16)
    /// Output rows, less one.
    public static let lastRow = InstructionField("last_row", 4, 0, 16)
    /// Output columns of one pixel unit, less one.
    public static let lastColumn = InstructionField("last_column", 4, 16, 16)
    /// Groups of `inputs` channels, less one.
    public static let lastInputGroup = InstructionField("last_input_group", 5, 0, 16)
    /// Passes over the weights, less one.
    public static let lastPass = InstructionField("last_pass", 5, 16, 8)
    /// Bit p: multiply the accumulator by 2^(weight octaves) when pass p begins.
    public static let passShift = InstructionField("pass_shift", 5, 24, 8)
    /// Kernel rows, less one.
    public static let lastKernelRow = InstructionField("last_kernel_row", 6, 0, 16)
    /// Kernel columns, less one.
    public static let lastKernelColumn = InstructionField("last_kernel_column", 6, 16, 16)
    /// Differences of the ifmap address when a loop advances (and the loops inside it start again).
    public static let kernelRowJump = InstructionField("kernel_row_jump", 7, 0, 16)
    /// See `kernelRowJump`.
    public static let inputGroupJump = InstructionField("input_group_jump", 7, 16, 16)
    /// See `kernelRowJump`.
    public static let passJump = InstructionField("pass_jump", 8, 0, 16)
    /// See `kernelRowJump`; output columns.
    public static let columnJump = InstructionField("column_jump", 8, 16, 16)
    /// See `kernelRowJump`; output rows.
    public static let rowJump = InstructionField("row_jump", 9, 0, 16)
    /// See `kernelRowJump`.
    public static let outputGroupJump = InstructionField("output_group_jump", 9, 16, 16)
    /// Arithmetic right shift of the accumulator.
    public static let preShift = InstructionField("pre_shift", 10, 0, 6)
    /// Left shift of the residual.
    public static let residualShift = InstructionField("residual_shift", 10, 8, 6)
    /// Rounding right shift of the result.
    public static let shift = InstructionField("shift", 10, 16, 6)
    /// Added to the ifmap address from one kernel column to the next, where the accelerator dilates; 1 elsewhere.
    public static let kernelColumnStep = InstructionField("kernel_column_step", 11, 0, 16)
}

/// Compute on the `convolver` family, mode convolution: a stream of slots, one per cycle, in place of the jumps. A slot
/// is a position of a row; rows have as many slots as pixels or results, whichever are more.
public enum StreamField {
    /// Rows of slots less one: rows of the map in the tile and the padding below it.
    public static let lastStreamRow = InstructionField("last_stream_row", 7, 0, 16)
    /// Slots of a row less one.
    public static let lastSlot = InstructionField("last_slot", 7, 16, 16)
    /// Rows and columns of the map in the tile, less one: slots beyond them have no pixel.
    public static let lastMapRow = InstructionField("last_map_row", 8, 0, 16)
    /// See `lastMapRow`.
    public static let lastMapColumn = InstructionField("last_map_column", 8, 16, 16)
    /// The slot that stands for a row's last result: (results - 1) * stride.
    public static let lastResultSlot = InstructionField("last_result_slot", 9, 0, 16)
    /// Leftmost pixel column of a row's last window; negative where it begins in the padding.
    public static let lastWindowColumn = InstructionField("last_window_column", 9, 16, 16)
    /// Index of the tap.
    public static let tap = InstructionField("tap", 10, 24, 2)
    /// Bit j: there is a window that begins j columns left of the map.
    public static let columnMask = InstructionField("column_mask", 11, 0, 11)
    /// The row of slots that completes the first row of results.
    public static let firstResultRow = InstructionField("first_result_row", 11, 11, 4)
    /// Strides less one.
    public static let lastRowStride = InstructionField("last_row_stride", 11, 15, 4)
    /// See `lastRowStride`.
    public static let lastColumnStride = InstructionField("last_column_stride", 11, 19, 4)
    /// The first column of the map at which a window begins.
    public static let firstWindowPhase = InstructionField("first_window_phase", 11, 23, 4)
    /// Cycles from a result's slot until its window leaves the grid, less the pipeline's.
    public static let resultDelay = InstructionField("result_delay", 11, 27, 5)
}

/// Store: planes x rows x columns of beats from one granule of the ofmap buffer to external memory.
public enum StoreField {
    /// Granule of the word: pixel * (outputs / granule) + granule of the output channels.
    public static let granule = InstructionField("granule", 0, 16, 16)
    /// Byte address of the first beat.
    public static let address = InstructionField("address", 1, 0, 32)
    /// Bytes from plane to plane.
    public static let planeStride = InstructionField("plane_stride", 2, 0, 32)
    /// Bytes from row to row.
    public static let rowStride = InstructionField("row_stride", 3, 0, 32)
    /// Planes less one.
    public static let lastPlane = InstructionField("last_plane", 4, 0, 16)
    /// Rows less one.
    public static let lastRow = InstructionField("last_row", 4, 16, 16)
    /// Columns less one.
    public static let lastColumn = InstructionField("last_column", 5, 0, 16)
    /// Word of the ofmap buffer of the first position.
    public static let bufferAddress = InstructionField("buffer_address", 5, 16, 16)
    /// Words from row to row.
    public static let bufferRowStep = InstructionField("buffer_row_step", 6, 0, 16)
    /// Words from plane to plane.
    public static let bufferPlaneStep = InstructionField("buffer_plane_step", 6, 16, 16)
}
