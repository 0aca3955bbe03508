#if canImport(Glibc)
    import Glibc
#endif

// The kernel, among others, is built for x86-64-v3 unless the package was built with SHIFTSIM_BASELINE=1 (docs/decisions/007).

/// Whether this processor can run this build.
public enum Processor {
    /// What is wrong and what to do about it; nil when nothing is.
    public static var problem: String? {
        #if SHIFTSIM_X86_64_V3 && os(Linux)
            guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 8192)
            while fgets(&line, Int32(line.count), file) != nil {
                guard strncmp(line, "flags", 5) == 0 else { continue }
                let words = ["avx2", "bmi2", "fma"]
                if words.allSatisfy({ strstr(line, $0) != nil }) { return nil }
                return "this build needs a processor with AVX2; build again with SHIFTSIM_BASELINE=1 swift build"
            }
        #endif
        return nil
    }
}
