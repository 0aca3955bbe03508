import Design

extension DesignBuilder {
    /// What `body` builds stands in a module instance of its own.
    mutating func inScope(_ name: String, _ body: (inout DesignBuilder) -> Void) {
        beginScope(name)
        body(&self)
        endScope()
    }
}
