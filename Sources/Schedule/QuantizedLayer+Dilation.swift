import Networks

// Dilation as zeros between a kernel's elements: what a convolver can do, whose cells are neighbours.

extension QuantizedLayer {
    /// The same convolution with a kernel of its extent and no dilation; `weights` are its own.
    func withoutDilation(_ weights: [Int32]) -> (layer: QuantizedLayer, weights: [Int32]) {
        let (height, width) = (window.extentHeight, window.extentWidth)
        guard height > window.kernelHeight || width > window.kernelWidth else { return (self, weights) }
        let kernel = window.kernelHeight * window.kernelWidth
        var wide = [Int32](repeating: 0, count: weights.count / kernel * height * width)
        for (index, weight) in weights.enumerated() {
            let (filter, position) = index.quotientAndRemainder(dividingBy: kernel)
            let (row, column) = position.quotientAndRemainder(dividingBy: window.kernelWidth)
            let place = row * window.dilationHeight * width + column * window.dilationWidth
            wide[filter * height * width + place] = weight
        }
        var layer = self
        layer.window.kernelHeight = height
        layer.window.kernelWidth = width
        layer.window.dilationHeight = 1
        layer.window.dilationWidth = 1
        return (layer, wide)
    }
}
