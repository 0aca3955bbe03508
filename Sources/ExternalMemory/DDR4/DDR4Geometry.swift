// Where an address lies in a one-rank memory of 64 bits: which of its bits choose bank group, bank, column and row. The
// controller of the PS maps bit by bit (registers ADDRMAP0 to 11, UG1087); the maps here are those its start-up code sets.

/// Bank groups, banks, and the map from byte addresses.
public struct DDR4Geometry: Sendable, Hashable, Codable {
    /// Bits of the byte address that number the bank group, least significant first.
    public var groupBits: [Int]
    /// Bits of the byte address that number the bank within its group, least significant first.
    public var bankBits: [Int]
    /// Bits of the byte address that number the access of 64 bytes within the row, least significant first.
    public var columnBits: [Int]
    /// The lowest bit of the row; the row is all bits above.
    public var rowBit: Int
    /// Rows in a bank.
    public var rows: Int

    /// Bytes of an access: eight beats of 64 bits.
    public static let accessBytes = 64

    /// Bank groups.
    public var bankGroups: Int { 1 << groupBits.count }
    /// Banks in a group.
    public var banksPerGroup: Int { 1 << bankBits.count }
    /// Columns of 8 bytes in a row: eight per access.
    public var columns: Int { 8 << columnBits.count }
    /// Bytes in all.
    public var bytes: Int { rows << rowBit }

    /// A map; every bit from 6 up to the row's must be named once.
    public init(groupBits: [Int], bankBits: [Int], columnBits: [Int], rowBit: Int, rows: Int) {
        precondition((groupBits + bankBits + columnBits).sorted() == Array(6..<rowBit), "each bit has one meaning")
        precondition(rows > 0 && rows & (rows - 1) == 0)
        self.groupBits = groupBits
        self.bankBits = bankBits
        self.columnBits = columnBits
        self.rowBit = rowBit
        self.rows = rows
    }

    /// ZCU102 rev. 1.1, eight x8 devices of 4 Gb: 4 groups of 4 banks, 32 Ki rows. The lower group bit lies just above
    /// the 64 bytes of an access, the upper above the column. Source: U-Boot, zynqmp-zcu102-rev1.1/psu_init_gpl.c,
    /// ADDRMAP8 = 0x0801, ADDRMAP1 = 0x1F0A0A, ADDRMAP2 = 0x01010100, ADDRMAP3 = 0x01010101.
    public static let zcu102 = DDR4Geometry(
        groupBits: [6, 14], bankBits: [15, 16], columnBits: Array(7...13), rowBit: 17, rows: 1 << 15)
    /// ZCU102 rev. A: the same devices, both group bits above the column, so that a stream stays in one group for 8 KiB.
    /// Source: U-Boot, zynqmp-zcu102-revA/psu_init_gpl.c, ADDRMAP8 = 0x0808, ADDRMAP2 = ADDRMAP3 = 0.
    public static let zcu102RevisionA = DDR4Geometry(
        groupBits: [13, 14], bankBits: [15, 16], columnBits: Array(6...12), rowBit: 17, rows: 1 << 15)
    /// Four x16 devices of 8 Gb: 2 groups of 4 banks, 64 Ki rows; the map of rev. 1.1 without the upper group bit.
    public static let x16 = DDR4Geometry(
        groupBits: [6], bankBits: [14, 15], columnBits: Array(7...13), rowBit: 16, rows: 1 << 16)
    /// Eight x8 devices of 8 Gb: 4 groups of 4 banks, 64 Ki rows; the map of rev. 1.1.
    public static let x8 = DDR4Geometry(
        groupBits: [6, 14], bankBits: [15, 16], columnBits: Array(7...13), rowBit: 17, rows: 1 << 16)

    /// Bank group, bank in the group, row and first column of the access at an address; addresses wrap at `bytes`.
    public func place(_ address: Int) -> (group: Int, bank: Int, row: Int, column: Int) {
        let map = AddressMap(self)
        return (map.group(address), map.bank(address), map.row(address), map.column(address))
    }
}

/// A geometry's map made for speed: no arrays.
struct AddressMap {
    private let groupBit: (Int, Int)
    private let bankBit: (Int, Int)
    private let groupMask: (Int, Int)
    private let bankMask: (Int, Int)
    /// Runs of neighbouring column bits: where they lie, how many, and where they go.
    private let columnRuns: [(from: Int, mask: Int, to: Int)]
    private let rowBit: Int
    private let rowMask: Int

    init(_ geometry: DDR4Geometry) {
        precondition(geometry.groupBits.count <= 2 && geometry.bankBits.count <= 2)
        func pick(_ bits: [Int], _ index: Int) -> (bit: Int, mask: Int) {
            index < bits.count ? (bits[index], 1) : (0, 0)
        }
        let places = [
            pick(geometry.groupBits, 0), pick(geometry.groupBits, 1), pick(geometry.bankBits, 0),
            pick(geometry.bankBits, 1),
        ]
        groupBit = (places[0].bit, places[1].bit)
        groupMask = (places[0].mask, places[1].mask)
        bankBit = (places[2].bit, places[3].bit)
        bankMask = (places[2].mask, places[3].mask)
        var runs: [(from: Int, mask: Int, to: Int)] = []
        for (index, bit) in geometry.columnBits.enumerated() {
            if let last = runs.last, last.from + last.mask.nonzeroBitCount == bit {
                runs[runs.count - 1].mask = last.mask << 1 | 1
            } else {
                runs.append((bit, 1, index))
            }
        }
        columnRuns = runs
        rowBit = geometry.rowBit
        rowMask = geometry.rows - 1
    }

    @inline(__always) func group(_ address: Int) -> Int {
        address >> groupBit.0 & groupMask.0 | (address >> groupBit.1 & groupMask.1) << 1
    }
    @inline(__always) func bank(_ address: Int) -> Int {
        address >> bankBit.0 & bankMask.0 | (address >> bankBit.1 & bankMask.1) << 1
    }
    @inline(__always) func row(_ address: Int) -> Int { address >> rowBit & rowMask }
    func column(_ address: Int) -> Int {
        8 * columnRuns.reduce(0) { $0 | (address >> $1.from & $1.mask) << $1.to }
    }
}
