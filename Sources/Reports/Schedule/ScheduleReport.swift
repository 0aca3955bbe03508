// The report of `shiftsim schedule`: how the layers of a network run on the array, without simulation.

import Accelerator
import Configuration
import Foundation
import Machine
import Schedule
import Support

/// The schedule of a network's layers.
package struct ScheduleReport: Sendable, Codable, Equatable {
    /// The array that the layers run on.
    package struct Array: Sendable, Codable, Equatable {
        /// `vector` or `convolver`.
        package var family: String
        /// Such as `svpe`.
        package var pe: String
        /// Output pixels, output channels and input channels of a cycle.
        package var pixels: Int
        /// See `pixels`.
        package var outputs: Int
        /// See `pixels`.
        package var inputs: Int
        /// Multiplies or shifts of a cycle.
        package var lanes: Int
    }

    /// The memory with which cycles are counted.
    package struct Memory: Sendable, Codable, Equatable {
        /// Cycles from a request to its first beat.
        package var latency: Int
        /// Bytes of a cycle; absent where memory is as fast as the engines.
        package var bytesPerCycle: Double?
    }

    /// Name and version of the JSON's format.
    package var schema = "shiftsim.schedule/1"
    /// Version of ShiftSim.
    package var toolVersion = ToolVersion.text
    /// Name of the network.
    package var network: String
    /// `optimal` or `first-fit`.
    package var search: String
    /// The array.
    package var array: Array
    /// The memory.
    package var memory: Memory
    /// In the order of the network.
    package var layers: [LayerDescription]

    /// The schedule of a build's layers, or of one.
    package static func figures(
        of configuration: Configuration, _ build: Build, layer: Int?
    ) -> ScheduleReport {
        let p = build.accelerator.parameters
        let memory = ScheduleOptions.Memory(build.memory, for: p)
        let family =
            switch p.family {
            case .vector: "vector"
            case .convolver: "convolver"
            }
        return ScheduleReport(
            network: build.network.name, search: configuration.schedule.search.rawValue,
            array: Array(
                family: family, pe: p.element.name, pixels: p.pixels, outputs: p.outputs, inputs: p.inputs,
                lanes: p.lanes),
            memory: Memory(
                latency: memory.latency, bytesPerCycle: memory.bytesPerCycle65536.map { Double($0) / 65536 }),
            layers: build.program.describe(layer.map { [$0] }))
    }

    /// JSON, keys in alphabetical order.
    package func json() throws -> Data { try JSON.encode(self) }

    /// The schedule for people.
    package var text: String {
        let rate = memory.bytesPerCycle.map { "\(TextTable.fixed($0, 2)) bytes per cycle" } ?? "any rate"
        let latency = "\(memory.latency) \(memory.latency == 1 ? "cycle" : "cycles")"
        let heading = [
            "network   \(network), schedule.search \(search)",
            "array     \(array.family) of \(array.pe): \(array.outputs) outputs x \(array.inputs) inputs x "
                + "\(array.pixels) pixels, \(TextTable.grouped(array.lanes)) lanes",
            "memory    latency \(latency), \(rate), as the scheduler counts it",
        ].flatMap { TextTable.wrapped($0, indent: 10) }
        let sections = [heading] + layers.map { LayerText($0, isAlone: layers.count == 1).lines }
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }
}
