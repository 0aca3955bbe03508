// report.json, schema shiftsim.report/1. docs/guide/Report.md explains every key. Keys that a run does not compute are
// absent, never zero or null.

import Foundation
import Preparation
import Support

/// What a run computed.
package struct Report: Sendable, Codable, Equatable {
    /// The value of `schema`.
    package static let schemaName = "shiftsim.report/1"

    package var schema = Report.schemaName
    package var toolVersion = ToolVersion.text
    /// SHA-256 of the resolved configuration and of its input files.
    package var configHash: String
    package var network: Network
    package var quantization: Quantization
    package var design: Design
    package var memoryModel: Memory
    /// The rounding rule of every requantization.
    package var rounding = "half-even"
    package var cycles: Cycles
    package var latencyS: Double
    package var throughputImagesPerS: Double
    /// 2 * macs * images / latency / 10^9.
    package var gops: Double
    /// macs * images / (lanes * cycles.total).
    package var utilization: Double
    package var resources: ResourceReport
    package var dram: ExternalTraffic
    package var layers: [LayerReport]
    package var functional: Functional
    /// Only in mode full.
    package var activity: Activity?
    package var simulator: Simulator

    package struct Network: Sendable, Codable, Equatable {
        package var name: String
        package var layers: Int
        /// Multiply-accumulates of one image.
        package var macs: Int
        package var parameters: Int
        /// Images that were finished.
        package var images: Int
        /// The images in words.
        package var input: String
    }

    package struct Quantization: Sendable, Codable, Equatable {
        package var scheme: String
        /// Width asked for; absent where the model's codes have their own.
        package var weightBits: Int?
        package var activationBits: Int
        package var calibrationImages: Int
        package var activationScale: String
        package var inputExponent: Int
        package var outputExponent: Int
        /// Real value = integer * mantissa * 2^exponent; absent where it is 1.
        package var inputMantissa: Double?
        package var outputMantissa: Double?
    }

    package struct Design: Sendable, Codable, Equatable {
        package var family: String
        package var pe: String
        package var mode: String
        package var lanes: Int
        package var outputs: Int
        package var inputs: Int
        package var pixels: Int
        /// Power-of-two terms of a weight that a lane adds in one cycle.
        package var terms: Int
        package var weightBits: Int
        package var activationBits: Int
        package var accumulatorBits: Int
        /// Family `convolver`: rows and columns of a convolver's cells.
        package var kernel: Int?
        /// Family `convolver`: kernels that the grid has taps for, pixels of a line buffer, where the column's adders are.
        package var taps: [Int]?
        package var rowLength: Int?
        package var columnAdders: String?
        package var clockHz: Double
        /// Named signals, lane by lane.
        package var signals: Int
        package var registersBits: Int
    }

    package struct Memory: Sendable, Codable, Equatable {
        package var model: String
        package var ports: Int
        /// Cycles of the core clock.
        package var latencyCycles: Int
        /// Absent for model ideal.
        package var bytesPerCycle: Double?
        package var stallSeed: UInt64?
    }

    /// Cycles of the core clock, all images; total is the sum of the others.
    package struct Cycles: Sendable, Codable, Equatable {
        package var total: Int
        package var compute: Int
        package var stallLoad: Int
        package var stallStore: Int
        package var fillDrain: Int
        /// The host computes layers, by its time model; absent where it has none.
        package var host: Int?
        /// Prediction of `total` without simulation, for memory that never makes the array wait.
        package var predicted: Int
    }

    /// Bytes over the memory interface, all images.
    package struct ExternalTraffic: Sendable, Codable, Equatable {
        package var readBytes: Int
        package var writeBytes: Int
        /// Of the bandwidth of memory and ports; absent for model ideal.
        package var bandwidthFraction: Double?
    }

    package struct Functional: Sendable, Codable, Equatable {
        /// Images that the array computed; the reference model computed the others.
        package var arrayImages: Int
        /// Output values of the array compared with the reference model; absent when the check is off.
        package var checked: Int?
        package var mismatches: Int?
        /// Of all outputs, as little-endian int32, image after image.
        package var outputSha256: String
        /// Index of the largest output of each image.
        package var top1: [Int]
        /// Class indices of the images, where the source has them.
        package var labels: [Int]?
        package var accuracy: Double?
        /// Fraction of images whose label is among the five largest outputs; absent for five classes or fewer.
        package var top5Accuracy: Double?
    }

    package struct Activity: Sendable, Codable, Equatable {
        /// Images that the array computed.
        package var images: Int
        /// Bits of registers that changed, all of these images.
        package var togglesTotal: UInt64
        /// By module instance.
        package var byInstance: [String: UInt64]
    }

    package struct Simulator: Sendable, Codable, Equatable {
        package var wallS: Double
        package var cyclesPerS: Double
        package var laneUpdatesPerS: Double
        package var peakRssBytes: Int
        package var threads: Int
    }

    /// The text of report.json, keys in alphabetical order.
    package func json() throws -> Data { try JSON.encode(self) }
}
