import Design
import Fabric

extension ResourceReport {
    /// Counts a design. LUTs used as shift registers count as LUTs.
    init(_ design: Design, device settings: DeviceSettings) {
        let own = design.resourcesByScope()
        let rows = design.scopes.indices.map { scope -> Row in
            let inside = design.scopes.indices.filter { ResourceReport.isInside($0, of: scope, design) }
            let count = inside.map { own[$0] }.reduce(ResourceCount(), +)
            return Row(
                scope: design.path(ofScope: scope).joined(separator: "."), lut: Double(count.lut + count.srl),
                ff: Double(count.ff), dsp: Double(count.dsp), bram36: count.bram36)
        }
        let device = settings.device
        let total = own.reduce(ResourceCount(), +)
        self.init(
            lut: Entry(used: Double(total.lut + total.srl), available: device.lut.value),
            ff: Entry(used: Double(total.ff), available: device.ff.value),
            dsp: Entry(used: Double(total.dsp), available: device.dsp.value),
            bram36: Entry(used: total.bram36, available: device.bram36.value), rows: rows)
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
