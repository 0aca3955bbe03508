// Are the predicted cycles of the shipped configurations those of their simulation, and what is the error behind ports?

import Configuration
import Flows
import Foundation
import TestSupport
import Testing

@testable import Reports

@Suite struct PredictedCycleTests {
    private static let quick = ["tiny-svpe", "tiny-vpe", "resnet20-fmnist-svpe"]

    /// Configurations of one run; the small ones, or all.
    private static func shipped() throws -> [String] {
        guard Tools.isLong else { return quick }
        return try ["", "papers/"].flatMap { folder in
            let path = Repository.path("configs/\(folder)")
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter {
                $0.hasSuffix(".yaml")
                    && ((try? Configuration.load(path: "\(path)/\($0)", assignments: [])) != nil)
            }.map { folder + $0.dropLast(5) }
        }
    }

    private static func report(_ name: String, _ changes: [String]) throws -> Report {
        let configuration = try Configuration.load(
            path: Repository.path("configs/\(name).yaml"),
            assignments: (changes + ["run.mode=timing", "run.check=false"]).map { ConfigAssignment($0) })
        return try Flow.simulate(SimulationRequest(configuration)).report
    }

    /// Total and every layer, on both memories.
    @Test func equalTheSimulation() throws {
        let names = try Self.shipped()
        #expect(names.count >= (Tools.isLong ? 20 : 3))
        let slow = ["memory.bandwidth_gb_s=1.37", "memory.latency_ns=635"]
        for name in names {
            for memory in [["memory.model=ideal"], ["memory.model=fixed"], ["memory.model=fixed"] + slow] {
                let report = try Self.report(name, memory)
                #expect(report.cycles.predicted == report.cycles.total, "\(name) \(memory)")
                for layer in report.layers {
                    #expect(layer.predictedCycles == layer.cycles, "\(name) \(memory) \(layer.name)")
                }
            }
        }
    }

    /// Behind ports and a DRAM the prediction is near; docs/guide/Report.md has its errors on all configurations.
    @Test(arguments: quick)
    func nearTheSimulationBehindPorts(name: String) throws {
        let report = try Self.report(name, ["memory.model=ddr4-2133"])
        let error = Double(report.cycles.predicted) / Double(report.cycles.total) - 1
        #expect(error != 0 && abs(error) < 0.1, "\(name): \(error)")
    }
}
