// Patterns over signal paths, matched by stepping through all positions of the pattern at once, so that no
// pattern takes longer than its length times the path's.

import Diagnostics

/// A pattern over dotted signal paths. The whole path must match.
///
/// - `*` matches any characters within one path component, possibly none.
/// - `**` matches any characters across components; as a component of its own it also matches no component at
///   all, so `top.**.valid` matches `top.valid` and `top.a.b.valid`.
/// - A last component that is just `*` also matches everything below: `array.*` matches `array.a` and
///   `array.pe[3].product`, but not `array`.
/// - `?` matches one character other than a dot.
/// - Everything else, brackets included, stands for itself; letter case counts.
public struct SignalGlob: Sendable, Equatable {
    private enum Step: Equatable {
        case character(Unicode.Scalar)
        case oneInComponent
        case anyInComponent
        case any
        /// At the start of a component, zero or more of which may follow.
        case components
        /// Inside such a component; always behind `components`.
        case insideComponent
    }

    /// The pattern as given.
    public let pattern: String
    private let steps: [Step]

    /// Parses a pattern.
    /// - Throws: `WaveformError.invalid` when the pattern or one of its components is empty.
    public init(_ pattern: String) throws(WaveformError) {
        self.pattern = pattern
        var steps: [Step] = []
        let components = pattern.split(separator: ".", omittingEmptySubsequences: false)
        for (index, component) in components.enumerated() {
            guard !component.isEmpty else {
                throw .invalid("the signal pattern '\(pattern.echoed)' has an empty component")
            }
            let isLast = index == components.count - 1
            if isLast && (component == "*" || component == "**") {
                steps.append(.any)
            } else if component == "**" {
                steps += [.components, .insideComponent]
            } else {
                steps += Self.steps(of: component)
                if !isLast { steps.append(.character(".")) }
            }
        }
        self.steps = steps
    }

    private static func steps(of component: Substring) -> [Step] {
        var steps: [Step] = []
        for scalar in component.unicodeScalars {
            switch scalar {
            case "?": steps.append(.oneInComponent)
            case "*" where steps.last == .anyInComponent: steps[steps.count - 1] = .any
            case "*": steps.append(.anyInComponent)
            default: steps.append(.character(scalar))
            }
        }
        return steps
    }

    /// Whether a path matches.
    public func matches(_ path: String) -> Bool {
        var active = [Bool](repeating: false, count: steps.count + 1)
        active[0] = true
        for scalar in path.unicodeScalars {
            skipOptional(&active)
            var following = [Bool](repeating: false, count: steps.count + 1)
            for (index, step) in steps.enumerated() where active[index] {
                if let target = Self.target(of: step, at: index, on: scalar) { following[target] = true }
            }
            active = following
        }
        skipOptional(&active)
        return active[steps.count]
    }

    /// Steps that may match nothing also activate the position behind them.
    private func skipOptional(_ active: inout [Bool]) {
        for (index, step) in steps.enumerated() where active[index] {
            switch step {
            case .anyInComponent, .any: active[index + 1] = true
            case .components: active[index + 2] = true
            case .character, .oneInComponent, .insideComponent: break
            }
        }
    }

    private static func target(of step: Step, at index: Int, on scalar: Unicode.Scalar) -> Int? {
        switch step {
        case .character(let wanted): scalar == wanted ? index + 1 : nil
        case .oneInComponent: scalar == "." ? nil : index + 1
        case .anyInComponent: scalar == "." ? nil : index
        case .any: index
        case .components: scalar == "." ? nil : index + 1
        case .insideComponent: scalar == "." ? index - 1 : index
        }
    }
}
