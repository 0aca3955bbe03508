import Foundation
import Synchronization

/// Standard output for results, standard error for everything else.
enum Console {
    static func message(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    static func result(_ data: Data) { FileHandle.standardOutput.write(data) }

    static func result(_ text: String) { result(Data(text.utf8)) }

    /// A progress bar for standard error; nil unless that is a terminal.
    static func progressBar(quiet: Bool) -> (@Sendable (Double) -> Void)? {
        guard !quiet, isatty(FileHandle.standardError.fileDescriptor) == 1 else { return nil }
        let shown = Mutex(-1)
        return { fraction in
            let percent = Int(min(max(fraction, 0), 1) * 100)
            shown.withLock { last in
                guard percent > last else { return }
                last = percent
                let done = percent * 40 / 100
                let bar = String(repeating: "#", count: done) + String(repeating: ".", count: 40 - done)
                let end = percent == 100 ? "\n" : ""
                FileHandle.standardError.write(Data("\r[\(bar)] \(percent) %\(end)".utf8))
            }
        }
    }
}
