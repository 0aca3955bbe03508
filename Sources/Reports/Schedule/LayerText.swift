// The schedule of a layer for people.

import Schedule
import Support

/// The lines about a layer.
struct LayerText {
    private let layer: LayerDescription
    /// Single tiles are listed, too.
    private let isAlone: Bool

    init(_ layer: LayerDescription, isAlone: Bool) {
        self.layer = layer
        self.isAlone = isAlone
    }

    var lines: [String] {
        let heading = "layer \(layer.name): \(layer.kind), \(TextTable.grouped(layer.macs)) MACs"
        guard let cycles = layer.cycles else { return [heading + ", on the host"] }
        return TextTable.wrapped(heading, indent: 2) + times(cycles) + parts + traffic
            + BufferText(layer.buffers, during: cycles.begin..<cycles.end, isAlone: isAlone).lines
    }

    private func times(_ cycles: LayerTimes) -> [String] {
        let all = cycles.end - cycles.begin
        func share(_ busy: Int) -> String { TextTable.percent(Double(busy) / Double(max(1, all))) }
        return LayerText.paragraph(
            "cycles",
            "\(TextTable.grouped(all)), from \(TextTable.grouped(cycles.begin)) to \(TextTable.grouped(cycles.end)); "
                + "alone with memory that answers at once \(TextTable.grouped(cycles.predicted))")
            + LayerText.paragraph(
                "engines",
                "compute \(TextTable.grouped(cycles.compute)) cycles, load \(TextTable.grouped(cycles.load)), "
                    + "store \(TextTable.grouped(cycles.store)); busy meanwhile, with the next layers' work: "
                    + "compute \(share(cycles.computeBusy)), load \(share(cycles.loadBusy)), "
                    + "store \(share(cycles.storeBusy))")
    }

    // MARK: parts

    /// Parts of the same nest once.
    private var parts: [String] {
        var lines: [String] = []
        var first = 0
        while first < layer.parts.count {
            let part = layer.parts[first]
            let alike = layer.parts[first...].prefix { $0.loops == part.loops && $0.work == part.work }.count
            if layer.parts.count > 1 {
                let numbers = alike == 1 ? "part \(first + 1)" : "parts \(first + 1) to \(first + alike)"
                lines.append("  \(numbers) of \(layer.parts.count)" + (alike == 1 ? "" : ", all alike; the first:"))
            }
            lines += nest(part) + [""] + input(part) + tile(part) + choice(part.choice)
            first += alike
        }
        return lines
    }

    private func nest(_ part: PartDescription) -> [String] {
        var lines = ["  loop nest"]
        var depth = 0
        for loop in part.loops where loop.extent > 1 || loop.level == .lanes {
            let level = loop.level.rawValue
            let isParallel = loop.level == .lanes
            let last = loop.last == loop.extent ? "" : " (last \(loop.last))"
            let text =
                "    " + level + String(repeating: " ", count: 9 - level.count + 2 * depth)
                + "\(isParallel ? "parallel" : "for") \(loop.dimension.rawValue) \(loop.extent)\(last)"
            let gap = String(repeating: " ", count: max(1, 50 - text.count))
            lines.append(text + gap + LayerText.meaning(loop))
            if !isParallel { depth += 1 }
        }
        return lines
    }

    private static func meaning(_ loop: NestLoop) -> String {
        let unit = loop.level == .lanes ? "channels" : "groups"
        return switch loop.dimension {
        case .outputs: loop.level == .tiles ? "tiles of output groups" : "output \(unit)"
        case .inputs: loop.level == .tiles ? "parts of the weights" : "input \(unit)"
        case .rows: loop.level == .tiles ? "tiles of output rows" : "output rows"
        case .columns:
            switch loop.level {
            case .tiles: "tiles of output columns"
            case .compute: "output columns"
            case .lanes: "pixels"
            }
        case .kernelRows: "kernel rows"
        case .kernelColumns: "kernel columns"
        case .passes: "passes over the weights"
        }
    }

    private func input(_ part: PartDescription) -> [String] {
        guard part.inputRows * part.inputColumns > 1 else { return [] }
        return LayerText.paragraph(
            "input",
            "the network's input with \(part.inputRows) x \(part.inputColumns) positions of the window in the channels of a "
                + "pixel (schedule.input)")
    }

    private func tile(_ part: PartDescription) -> [String] {
        var text = "\(LayerText.size(part.tile)); \(TextTable.grouped(part.instructions)) compute "
        text += part.instructions == 1 ? "instruction" : "instructions"
        text += ", \(TextTable.grouped(part.steps)) steps"
        if let nestSteps = part.nestSteps, nestSteps != part.steps {
            text += " for \(TextTable.grouped(nestSteps)) results of the nest, "
            text += "\(TextTable.fixed(Double(part.steps) / Double(nestSteps), 2)) each"
        }
        return LayerText.paragraph("tile", text)
    }

    private static func size(_ tile: TileDescription) -> String {
        var text =
            "\(tile.rows) x \(tile.columns) pixels x \(tile.groups) output \(tile.groups == 1 ? "group" : "groups")"
        if tile.partUnits > 0 { text += ", weights \(tile.partUnits) input groups at a time" }
        if let order = tile.order { text += ", \(order)" }
        if let counts = tile.counts { text += ", " + counts.map(String.init).joined(separator: " x ") + " tiles" }
        return text
    }

    private func choice(_ choice: ChoiceDescription) -> [String] {
        guard let candidates = choice.candidates, let counted = choice.counted, let cycles = choice.cycles,
            let bound = choice.bound
        else {
            return LayerText.paragraph("chosen", "the first tiles that fit half of each buffer; no other was tried")
        }
        var text = "\(TextTable.grouped(cycles)) cycles behind what comes before: "
        if candidates == 1 {
            text += "the one tiling that fits"
        } else if counted >= candidates {
            text += "the best of \(candidates) tilings, all counted"
        } else {
            text += "the best of \(counted) counted of \(candidates) tilings"
        }
        text += "; bound for a part by itself \(TextTable.grouped(bound))"
        if cycles > bound {
            text += ", within \(TextTable.percent(Double(cycles - bound) / Double(max(1, bound))))"
        }
        let next = (choice.next ?? []).flatMap { tiling in
            LayerText.paragraph(
                "next best",
                "\(TextTable.grouped(tiling.cycles)) cycles "
                    + "(+\(TextTable.percent(Double(tiling.cycles - cycles) / Double(max(1, cycles))))): "
                    + LayerText.size(tiling.tile))
        }
        return LayerText.paragraph("chosen", text) + next
    }

    // MARK: transfers

    private var traffic: [String] {
        let bytes = layer.bytes
        let reads = [
            ("features", bytes.features), ("weights", bytes.weights), ("constants", bytes.constants),
            ("residual", bytes.residual), ("instructions", bytes.instructions),
        ].filter { $0.1 > 0 }.map { "\($0.0) \(TextTable.grouped($0.1))" }
        let ratios = [
            ("features", layer.reuse.features), ("weights", layer.reuse.weights), ("results", layer.reuse.results),
            ("all", layer.reuse.all),
        ].compactMap { name, ratio in ratio.map { "\(name) \(TextTable.fixed($0, 1))" } }
        let memory =
            "\(TextTable.grouped(bytes.read)) bytes read: \(reads.joined(separator: ", ")); "
            + "\(TextTable.grouped(bytes.results)) written"
        return LayerText.paragraph("memory", memory)
            + (ratios.isEmpty ? [] : LayerText.paragraph("reuse", "MACs per byte: " + ratios.joined(separator: ", ")))
    }

    /// A paragraph with its name in front.
    static func paragraph(_ name: String, _ text: String) -> [String] {
        TextTable.wrapped("  " + name + String(repeating: " ", count: 11 - name.count) + text, indent: 13)
    }
}
