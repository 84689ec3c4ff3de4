/// The part of Go's templates that people use with `--format`, applied to JSON.
///
/// Text, {{.Field.Sub}}, {{json .}}, if/else/end, range/else/end with variables, with, and the functions below, nested
/// and in pipelines.
public struct GoTemplate: Sendable {
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public var reason: String
        public var description: String { "template parsing error: \(reason)" }
    }

    private let nodes: [TemplateNode]

    /// - Throws: `Failure` for a template that makes no sense.
    public init(_ text: String) throws(Failure) {
        var parser = TemplateParser(text)
        nodes = try parser.document()
    }

    /// - Throws: `Failure` for a field that the value does not have.
    public func render(_ value: JSONValue) throws(Failure) -> String {
        var scope = TemplateScope(root: value)
        return try scope.render(nodes, value)
    }
}

indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplateExpression)
    case assign(String, TemplateExpression)
    case condition([(TemplateExpression, [TemplateNode])], otherwise: [TemplateNode])
    case range(TemplateExpression, key: String?, value: String?, [TemplateNode], otherwise: [TemplateNode])
    case with(TemplateExpression, [TemplateNode], otherwise: [TemplateNode])
}

indirect enum TemplateExpression: Sendable {
    case literal(JSONValue)
    /// Fields from the dot.
    case path([String])
    /// "" is "$".
    case variable(String, [String])
    case call(String, [TemplateExpression])
    case field(TemplateExpression, [String])
    /// The value of one is the last argument of the next.
    case pipeline([TemplateExpression])
}
