// Planted faults: what the tests must notice. `scripts/test --mutants` runs the tests once per row of mutants.tsv, each
// time with another fault. This module is part of builds with SHIFTSIM_MUTANTS=1 only (Package.swift), and what asks it
// stands between `#if MUTANTS` and `#endif`: other builds have none of it.

import Foundation

/// Whether SHIFTSIM_MUTANT names this fault. To be asked where something is set up, not in a loop that is measured.
public func isPlanted(_ name: String) -> Bool {
    guard let chosen else { return false }
    return chosen == name
}

private let chosen = ProcessInfo.processInfo.environment["SHIFTSIM_MUTANT"]
