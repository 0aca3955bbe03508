import Networks

/// Where a map first differs from what it has to be, as "[index]: found, not wanted"; nil for equal maps.
func firstDifference(_ found: IntegerTensor?, _ wanted: IntegerTensor?) -> String? {
    guard let found, let wanted else { return found == nil && wanted == nil ? nil : ": one of the maps is missing" }
    guard found.shape == wanted.shape else { return ": \(found.shape), not \(wanted.shape)" }
    let differing = zip(found.values, wanted.values).enumerated().first { $0.element.0 != $0.element.1 }
    return differing.map { "[\($0.offset)]: \($0.element.0), not \($0.element.1)" }
}
