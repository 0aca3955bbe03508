// report.json, schema shiftsim.report/1. docs/Report.md explains every key. Keys that a run does not compute are
// absent, never zero or null.

import Foundation

/// What a run computed.
public struct Report: Sendable, Codable, Equatable {
    /// The value of `schema`.
    public static let schemaName = "shiftsim.report/1"

    public var schema = Report.schemaName
    public var toolVersion = ToolVersion.text
    /// SHA-256 of the resolved configuration and of its input files.
    public var configHash: String
    public var network: Network
    public var quantization: Quantization
    public var design: Design
    public var memoryModel: Memory
    /// The rounding rule of every requantization.
    public var rounding = "half-even"
    public var cycles: Cycles
    public var latencyS: Double
    public var throughputImagesPerS: Double
    /// 2 * macs * images / latency / 10^9.
    public var gops: Double
    /// macs * images / (lanes * cycles.total).
    public var utilization: Double
    public var resources: ResourceReport
    public var dram: ExternalTraffic
    public var layers: [LayerReport]
    public var functional: Functional
    /// Only in mode full.
    public var activity: Activity?
    public var simulator: Simulator

    public struct Network: Sendable, Codable, Equatable {
        public var name: String
        public var layers: Int
        /// Multiply-accumulates of one image.
        public var macs: Int
        public var parameters: Int
        /// Images that were finished.
        public var images: Int
        /// The images in words.
        public var input: String
    }

    public struct Quantization: Sendable, Codable, Equatable {
        public var scheme: String
        /// Width asked for; absent where the model's codes have their own.
        public var weightBits: Int?
        public var activationBits: Int
        public var calibrationImages: Int
        public var activationScale: String
        public var inputExponent: Int
        public var outputExponent: Int
        /// Real value = integer * mantissa * 2^exponent; absent where it is 1.
        public var inputMantissa: Double?
        public var outputMantissa: Double?
    }

    public struct Design: Sendable, Codable, Equatable {
        public var family: String
        public var pe: String
        public var mode: String
        public var lanes: Int
        public var outputs: Int
        public var inputs: Int
        public var pixels: Int
        /// Power-of-two terms of a weight that a lane adds in one cycle.
        public var terms: Int
        public var weightBits: Int
        public var activationBits: Int
        public var accumulatorBits: Int
        /// Family `convolver`: rows and columns of a convolver's cells.
        public var kernel: Int?
        /// Family `convolver`: kernels that the grid has taps for, pixels of a line buffer, where the column's adders are.
        public var taps: [Int]?
        public var rowLength: Int?
        public var columnAdders: String?
        public var clockHz: Double
        /// Named signals, lane by lane.
        public var signals: Int
        public var registersBits: Int
    }

    public struct Memory: Sendable, Codable, Equatable {
        public var model: String
        public var ports: Int
        /// Cycles of the core clock.
        public var latencyCycles: Int
        /// Absent for model ideal.
        public var bytesPerCycle: Double?
        public var stallSeed: UInt64?
    }

    /// Cycles of the core clock, all images; total is the sum of the others.
    public struct Cycles: Sendable, Codable, Equatable {
        public var total: Int
        public var compute: Int
        public var stallLoad: Int
        public var stallStore: Int
        public var fillDrain: Int
        /// The host computes layers, by its time model; absent where it has none.
        public var host: Int?
        /// Prediction of `total` without simulation, for memory that never makes the array wait.
        public var predicted: Int
    }

    /// Bytes over the memory interface, all images.
    public struct ExternalTraffic: Sendable, Codable, Equatable {
        public var readBytes: Int
        public var writeBytes: Int
        /// Of the bandwidth of memory and ports; absent for model ideal.
        public var bandwidthFraction: Double?
    }

    public struct Functional: Sendable, Codable, Equatable {
        /// Images that the array computed; the reference model computed the others.
        public var arrayImages: Int
        /// Output values of the array compared with the reference model; absent when the check is off.
        public var checked: Int?
        public var mismatches: Int?
        /// Of all outputs, as little-endian int32, image after image.
        public var outputSha256: String
        /// Index of the largest output of each image.
        public var top1: [Int]
        /// Class indices of the images, where the source has them.
        public var labels: [Int]?
        public var accuracy: Double?
        /// Fraction of images whose label is among the five largest outputs; absent for five classes or fewer.
        public var top5Accuracy: Double?
    }

    public struct Activity: Sendable, Codable, Equatable {
        /// Images that the array computed.
        public var images: Int
        /// Bits of registers that changed, all of these images.
        public var togglesTotal: UInt64
        /// By module instance.
        public var byInstance: [String: UInt64]
    }

    public struct Simulator: Sendable, Codable, Equatable {
        public var wallS: Double
        public var cyclesPerS: Double
        public var laneUpdatesPerS: Double
        public var peakRssBytes: Int
        public var threads: Int
    }

    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }

    /// The text of report.json, keys in alphabetical order.
    public func json() throws -> Data { try Report.encoder().encode(self) + Data("\n".utf8) }
}
