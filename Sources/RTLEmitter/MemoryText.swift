import Design
import Fabric

// Block memories: one `shiftsim_block_memory` per bank of lanes, all with the same address.

/// Writes the instances of a memory in its module.
struct MemoryText {
    let module: ModuleWriter
    let cell: MemoryCell

    /// The net at the memory's data output.
    private var net: Net { module.design[cell.output ?? cell.latch] }
    private var banks: Int { (net.lanes + cell.lanesPerBank - 1) / cell.lanesPerBank }
    private var addressBits: Int { BlockMemoryShape.addressBits(depth: cell.depth) }

    func write(into text: inout TextBuilder) throws {
        guard cell.depth <= BlockMemoryShape.maximumDepth else {
            throw RTLError("\(cell.name): \(cell.depth) words; block memories have at most 32,768")
        }
        text.line("// Memory \(cell.name): \(cell.depth) words of \(net.lanes) x \(net.width) bits, \(banks) bank(s).")
        let name = cell.name
        text.line(Declaration.bus("wire", "\(name)__write_data", bits: net.lanes * net.width) + ";")
        text.line(Declaration.bus("wire", "\(name)__read_data", bits: net.lanes * net.width) + ";")
        text.line(Declaration.bus("wire", "\(name)__write_enable", bits: banks) + ";")
        try shared(&text)
        try loop(&text, count: net.lanes, label: "\(name)__lanes", writeLane)
        try loop(&text, count: banks, label: "\(name)__enables", writeEnable)
        instances(&text)
    }

    private func loop(
        _ text: inout TextBuilder, count: Int, label: String,
        _ body: (inout TextBuilder, LanePosition) throws -> Void
    ) rethrows {
        try text.loop("i", count, label) { try body(&$0, .variable("i", count: count)) }
    }

    /// Addresses and the read side, common to all banks.
    private func shared(_ text: inout TextBuilder) throws {
        var writer = CellWriter(module, lane: .constant(0), stem: cell.name)
        let write = try writer.source(cell.writeAddress, "wa").resized(addressBits)
        _ = writer.wire("write_address", width: addressBits, write)
        let read = try writer.source(cell.readAddress, "ra").resized(addressBits)
        _ = writer.wire("read_address", width: addressBits, read)
        _ = writer.wire("read_enable", width: 1, try writer.condition(cell.readEnable, "re") ?? "1'b1")
        let output = cell.output == nil ? "1'b0" : try writer.condition(cell.outputEnable, "oe") ?? "1'b1"
        _ = writer.wire("output_enable", width: 1, output)
        text.append(writer.text.lines)
    }

    private func writeLane(_ text: inout TextBuilder, lane: LanePosition) throws {
        var writer = CellWriter(module, lane: lane, stem: cell.name)
        let data = try writer.source(cell.writeData, "wd").resized(net.width)
        let slice = "[\(lane.text)*\(net.width) +: \(net.width)]"
        writer.text.line("assign \(cell.name)__write_data\(slice) = \(data);")
        let place: LanePosition = net.array == nil ? .constant(0) : lane
        writer.text.line("assign \(writer.variable(net, lane: place)) = \(cell.name)__read_data\(slice);")
        text.append(writer.text.lines)
    }

    private func writeEnable(_ text: inout TextBuilder, bank: LanePosition) throws {
        let first = bank.scaled(cell.lanesPerBank)
        var writer = CellWriter(module, lane: first, stem: cell.name)
        let enable = try writer.condition(cell.writeEnable, "we") ?? "1'b1"
        writer.text.line("assign \(cell.name)__write_enable[\(bank.index)] = \(enable);")
        text.append(writer.text.lines)
    }

    private func instances(_ text: inout TextBuilder) {
        let name = cell.name
        let last = net.lanes - (banks - 1) * cell.lanesPerBank
        let stride = cell.lanesPerBank * net.width
        text.loop("b", banks, name) { loop in
            let isEven = last * net.width == stride
            loop.line(
                "localparam integer BITS = "
                    + (isEven ? "\(stride);" : "(b == \(banks - 1)) ? \(last * net.width) : \(stride);"))
            loop.list(
                "shiftsim_block_memory #(",
                [
                    ".DEPTH(\(cell.depth))", ".ADDRESS_BITS(\(addressBits))", ".WIDTH(BITS)",
                    ".OUTPUT_REGISTER(\(cell.output == nil ? 0 : 1))",
                ], ")")
            loop.list(
                "bank (",
                [
                    ".clk(clk)", ".write_enable(\(name)__write_enable[b])", ".write_address(\(name)__write_address)",
                    ".write_data(\(name)__write_data[b*\(stride) +: BITS])", ".read_enable(\(name)__read_enable)",
                    ".read_address(\(name)__read_address)", ".output_enable(\(name)__output_enable)",
                    ".read_data(\(name)__read_data[b*\(stride) +: BITS])",
                ], ");")
        }
    }
}
