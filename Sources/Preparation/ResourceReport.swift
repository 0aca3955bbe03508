// What the design needs of the device, in the resources that run out.

import Design
import Fabric
import Foundation
import Support

/// Resources used and available.
package struct ResourceReport: Sendable, Codable, Equatable {
    /// One kind of resource.
    package struct Entry: Sendable, Codable, Equatable {
        /// Block RAMs count in halves of a RAMB36.
        package var used: Double
        /// What the device has.
        package var available: Int
        /// used / available.
        package var fraction: Double

        init(used: Double, available: Int) {
            self.used = used
            self.available = available
            fraction = used / Double(max(1, available))
        }
    }

    /// Use of one module instance and everything below it.
    package struct Row: Sendable, Codable, Equatable {
        /// Path such as `top.array`.
        package var scope: String
        /// LUT6, those used as shift registers included.
        package var lut: Double
        /// Flip-flops.
        package var ff: Double
        /// DSP48E2.
        package var dsp: Double
        /// RAMB36E2; a RAMB18E2 is a half.
        package var bram36: Double
    }

    /// LUT6, those used as shift registers included.
    package var lut: Entry
    /// Flip-flops.
    package var ff: Entry
    /// DSP slices.
    package var dsp: Entry
    /// RAMB36E2; a RAMB18E2 is a half.
    package var bram36: Entry
    /// URAM288; nil: the part has none. No Design uses them yet.
    package var uram: Entry?
    /// Whether every resource suffices.
    package var fits: Bool
    /// The resource with the largest fraction.
    package var limiting: String
    /// By module instance; not part of report.json.
    package var rows: [Row]

    enum CodingKeys: String, CodingKey { case lut, ff, dsp, bram36, uram, fits, limiting }

    init(lut: Entry, ff: Entry, dsp: Entry, memories: (bram36: Entry, uram: Entry?), rows: [Row]) {
        self.lut = lut
        self.ff = ff
        self.dsp = dsp
        (bram36, uram) = memories
        self.rows = rows
        let all = [("lut", lut), ("ff", ff), ("dsp", dsp), ("bram36", memories.bram36)]
        fits = all.allSatisfy { $0.1.used <= Double($0.1.available) }
        limiting = all.max { $0.1.fraction < $1.1.fraction }?.0 ?? "lut"
    }

    /// Reads the part that is in report.json.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            lut: try values.decode(Entry.self, forKey: .lut), ff: try values.decode(Entry.self, forKey: .ff),
            dsp: try values.decode(Entry.self, forKey: .dsp),
            memories: (
                try values.decode(Entry.self, forKey: .bram36), try values.decodeIfPresent(Entry.self, forKey: .uram)
            ), rows: [])
    }

    private func named(_ part: String) -> [(name: String, entry: Entry)] {
        let slice = (Device.named(part)?.slice ?? .dsp48e2).name
        return [("LUT", lut), ("FF", ff), (slice, dsp), ("RAMB36", bram36)] + (uram.map { [("URAM288", $0)] } ?? [])
    }

    /// "the design does not fit ...", with the figures.
    package func overflow(part: String) -> String {
        let over = named(part).filter { $0.entry.used > Double($0.entry.available) }.map { name, entry in
            "\(ResourceReport.text(entry.used)) \(name) of \(TextTable.grouped(entry.available))"
        }
        return "the design does not fit \(part): it needs \(over.joined(separator: " and "))"
    }

    /// "2,400 of 2,520 DSP48E2 (95.2 %)" of each resource of which more than a fraction is used.
    package func above(_ fraction: Double, part: String) -> [String] {
        named(part).filter { $0.entry.fraction > fraction }.map { name, entry in
            "\(ResourceReport.text(entry.used)) of \(TextTable.grouped(entry.available)) \(name) "
                + "(\(TextTable.percent(entry.fraction)))"
        }
    }

    /// The same with what to do about it.
    package func overflowMessage(part: String) -> String {
        overflow(part: part) + "; make the array or the buffers smaller, or set device.allow_overflow: true"
    }

    /// Lines of report.txt.
    package func table(part: String) -> [String] {
        var table = TextTable(["resources of \(part)", "used", "available", "fraction"])
        for (name, entry) in named(part) {
            table.add([
                name, ResourceReport.text(entry.used), TextTable.grouped(entry.available),
                TextTable.percent(entry.fraction),
            ])
        }
        return table.lines + [fits ? "the design fits" : "the design DOES NOT FIT"]
    }

    /// Lines by module instance.
    package func scopeTable(part: String) -> [String] {
        var table = TextTable(["module"] + named(part).prefix(4).map(\.name))
        for row in rows { table.add([row.scope] + [row.lut, row.ff, row.dsp, row.bram36].map(ResourceReport.text)) }
        return table.lines
    }

    private static func text(_ value: Double) -> String { TextTable.fixed(value, value == value.rounded() ? 0 : 1) }
}

extension ResourceReport {
    /// Sums up what the scopes of a design take, each by itself. LUTs used as shift registers count as LUTs.
    init(_ design: Design, _ own: [ResourceCount], device: Device) {
        let rows = design.scopes.indices.map { scope -> Row in
            let inside = design.scopes.indices.filter { ResourceReport.isInside($0, of: scope, design) }
            let count = inside.map { own[$0] }.reduce(ResourceCount(), +)
            return Row(
                scope: design.path(ofScope: scope).joined(separator: "."), lut: Double(count.lut + count.srl),
                ff: Double(count.ff), dsp: Double(count.dsp), bram36: count.bram36)
        }
        let total = own.reduce(ResourceCount(), +)
        self.init(
            lut: Entry(used: Double(total.lut + total.srl), available: device.lut.value),
            ff: Entry(used: Double(total.ff), available: device.ff.value),
            dsp: Entry(used: Double(total.dsp), available: device.dsp.value),
            memories: (
                Entry(used: total.bram36, available: device.bram36.value),
                device.uram.value == 0 ? nil : Entry(used: 0, available: device.uram.value)
            ), rows: rows)
    }

    /// Whether a scope is another one or below it.
    private static func isInside(_ scope: Int, of ancestor: Int, _ design: Design) -> Bool {
        var current: Int? = scope
        while let index = current {
            if index == ancestor { return true }
            current = design.scopes[index].parent
        }
        return false
    }
}
