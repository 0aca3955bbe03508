// All constants of one layer: those of its requantization, of its pre-activation and of its border regions.

import Foundation
import Networks

struct LayerConstants {
    var requantization: Requantization
    var preActivation: PreActivation?
    var regions: [PoolRegion] = []

    /// Throws `RequantizationSolver.Obstacle` where some do not exist. `sourceExponent` is that of the tensor that is
    /// read, before any pre-activation.
    init(_ solver: RequantizationSolver, sourceExponent: Int) throws {
        requantization = try solver.solve()
        if let before = solver.layer.preActivation {
            preActivation = try LayerConstants.solve(
                before, from: sourceExponent, to: solver.inputExponent, activationBits: solver.activationBits)
        }
        if let divisors = solver.layer.divisors { divide(divisors) }
    }

    /// Constants of a layer of which no value is asked: as many as it will have, with no meaning.
    init(ofNothing layer: LoweredLayer) {
        let channels = layer.outputShape.channels
        requantization = Requantization(
            preShift: 0, multiplier: [Int32](repeating: 1, count: channels),
            bias: [Int64](repeating: 0, count: channels), shift: 0, relu: layer.relu)
        preActivation = layer.preActivation.map { before in
            PreActivation(
                multiplier: [Int32](repeating: 1, count: before.scale.count),
                bias: [Int64](repeating: 0, count: before.scale.count), shift: 0, relu: before.relu, exponent: 0)
        }
        if let divisors = layer.divisors { divide(divisors) }
    }

    // MARK: Pre-activation

    /// The largest shift with which all multipliers and sums fit.
    private static func solve(
        _ before: LoweredPreActivation, from source: Int, to exponent: Int, activationBits: Int
    ) throws -> PreActivation {
        let factors = before.scale.map { scalbn($0, source - exponent) }
        let offsets = before.shift.map { scalbn($0, -exponent) }
        for shift in stride(from: RequantizationSolver.largestShift, through: 0, by: -1) {
            let multipliers = factors.map { scalbn($0, shift).rounded(.toNearestOrEven) }
            let biases = offsets.map { scalbn($0, shift).rounded(.toNearestOrEven) }
            let fits = multipliers.indices.allSatisfy { channel in
                let (multiplier, bias) = (abs(multipliers[channel]), abs(biases[channel]))
                return multiplier <= RequantizationSolver.largestMultiplier
                    && scalbn(multiplier, activationBits - 1) + bias <= Double(RequantizationSolver.largestSum)
            }
            if fits {
                return PreActivation(
                    multiplier: multipliers.map { Int32($0) }, bias: biases.map { Int64($0) }, shift: shift,
                    relu: before.relu, exponent: exponent)
            }
        }
        throw RequantizationSolver.Obstacle.preActivationTooFine
    }

    // MARK: Regions

    /// The solver's multipliers are those of the smallest divisor. The layer's become those of the most frequent
    /// divisor; each rectangle of another is a region.
    private mutating func divide(_ divisors: (rows: [Int], columns: [Int])) {
        let smallest = divisors.rows.min()! * divisors.columns.min()!
        let given = requantization.multiplier
        func multipliers(_ divisor: Int) -> [Int32] {
            given.map { multiplier in
                Int32((Double(multiplier) * Double(smallest) / Double(divisor)).rounded(.toNearestOrEven))
            }
        }
        let rows = LayerConstants.runs(divisors.rows)
        let columns = LayerConstants.runs(divisors.columns)
        var areas: [Int: Int] = [:]
        for row in rows {
            for column in columns {
                areas[row.value * column.value, default: 0] += row.range.count * column.range.count
            }
        }
        let usual = areas.max { ($0.value, $0.key) < ($1.value, $1.key) }!.key
        requantization.multiplier = multipliers(usual)
        for row in rows {
            for column in columns where row.value * column.value != usual {
                regions.append(
                    PoolRegion(
                        rows: row.range, columns: column.range, multiplier: multipliers(row.value * column.value)))
            }
        }
    }

    /// Stretches of equal values.
    private static func runs(_ values: [Int]) -> [(range: Range<Int>, value: Int)] {
        var result: [(range: Range<Int>, value: Int)] = []
        for (index, value) in values.enumerated() {
            if let last = result.last, last.value == value {
                result[result.count - 1].range = last.range.lowerBound..<index + 1
            } else {
                result.append((index..<index + 1, value))
            }
        }
        return result
    }
}

extension LoweredLayer {
    /// Smallest product of the divisors, 1 where there are none.
    var smallestDivisor: Int { (divisors?.rows.min() ?? 1) * (divisors?.columns.min() ?? 1) }
}
