using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FunctionApp.Tests.Infra;

/// <summary>
/// The app settings that source code reads, by the names they have in Azure ("__" between sections). Follows constants,
/// parameters and sections through the code; a read whose name it cannot tell is an error, so that none goes unseen.
/// </summary>
internal sealed class SettingsInCode
{
    private readonly List<SyntaxNode> _nodes;
    private readonly List<MethodDeclarationSyntax> _methods;

    private SettingsInCode(IEnumerable<string> sources)
    {
        _nodes = [.. sources.SelectMany(source => CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes())];
        _methods = [.. _nodes.OfType<MethodDeclarationSyntax>()];
    }

    public static SortedSet<string> Find(IEnumerable<string> sources)
    {
        var code = new SettingsInCode(sources);
        return new(code._nodes.SelectMany(code.Read), StringComparer.Ordinal);
    }

    private IEnumerable<string> Read(SyntaxNode node) => node switch
    {
        ElementAccessExpressionSyntax access when IsConfiguration(access.Expression) =>
            Names(access.Expression, access.ArgumentList.Arguments[0].Expression),
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } call => member.Name.Identifier.Text switch
        {
            "GetEnvironmentVariable" => Values(call.ArgumentList.Arguments[0].Expression),
            "GetSection" => [],
            "GetValue" when IsConfiguration(member.Expression) => Names(member.Expression, call.ArgumentList.Arguments[0].Expression),
            _ when IsConfiguration(member.Expression) => throw Unknown(call),
            _ => [],
        },
        MemberAccessExpressionSyntax { Name.Identifier.Text: "Value" } value when IsConfiguration(value.Expression) =>
            Sections(value.Expression),
        // Given to a method that is not among the sources, a configuration is read out of sight.
        ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } argument
            when IsConfiguration(argument.Expression) && !_methods.Exists(method => method.Identifier.Text == Called(call)) =>
            throw Unknown(call),
        _ => [],
    };

    private bool IsConfiguration(ExpressionSyntax expression) => expression switch
    {
        IdentifierNameSyntax name => Parameter(name)?.Type?.ToString().StartsWith("IConfiguration", StringComparison.Ordinal) == true,
        MemberAccessExpressionSyntax member => member.Name.Identifier.Text == "Configuration",
        InvocationExpressionSyntax call => Called(call) == "GetSection",
        _ => false,
    };

    private IEnumerable<string> Names(ExpressionSyntax configuration, ExpressionSyntax key) =>
        from section in Sections(configuration)
        from name in Values(key)
        select (section.Length == 0 ? name : $"{section}__{name}").Replace(":", "__", StringComparison.Ordinal);

    /// <summary>The sections that a configuration can be; "" is all of it.</summary>
    private IEnumerable<string> Sections(ExpressionSyntax configuration) => configuration switch
    {
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } call =>
            Names(member.Expression, call.ArgumentList.Arguments[0].Expression),
        IdentifierNameSyntax name when Parameter(name) is { } parameter && parameter.Type!.ToString() == "IConfigurationSection" =>
            Arguments(parameter).SelectMany(Sections),
        _ => [""],
    };

    /// <summary>The texts that an expression can be.</summary>
    private IEnumerable<string> Values(ExpressionSyntax expression) => expression switch
    {
        LiteralExpressionSyntax literal => [literal.Token.ValueText],
        InterpolatedStringExpressionSyntax text => text.Contents
            .Select(part => part is InterpolationSyntax hole ? Values(hole.Expression) : [part.ToString()])
            .Aggregate<IEnumerable<string>, IEnumerable<string>>([""], (starts, ends) => starts.SelectMany(_ => ends, string.Concat)),
        IdentifierNameSyntax name when Parameter(name) is { } parameter => Arguments(parameter).SelectMany(Values),
        IdentifierNameSyntax name when Constant(name) is { } value => Values(value),
        _ => throw Unknown(expression),
    };

    private static ParameterSyntax? Parameter(IdentifierNameSyntax name) => name.Ancestors().OfType<BaseMethodDeclarationSyntax>()
        .FirstOrDefault()?.ParameterList.Parameters.FirstOrDefault(parameter => parameter.Identifier.Text == name.Identifier.Text);

    private static ExpressionSyntax? Constant(IdentifierNameSyntax name) => name.Ancestors().OfType<TypeDeclarationSyntax>()
        .SelectMany(type => type.Members.OfType<FieldDeclarationSyntax>())
        .Where(field => field.Modifiers.Any(SyntaxKind.ConstKeyword))
        .SelectMany(field => field.Declaration.Variables)
        .FirstOrDefault(variable => variable.Identifier.Text == name.Identifier.Text)?.Initializer!.Value;

    /// <summary>What callers give for a parameter.</summary>
    private IEnumerable<ExpressionSyntax> Arguments(ParameterSyntax parameter)
    {
        MethodDeclarationSyntax method = parameter.Parent?.Parent as MethodDeclarationSyntax ?? throw Unknown(parameter);
        int position = method.ParameterList.Parameters.IndexOf(parameter);
        return
            from call in _nodes.OfType<InvocationExpressionSyntax>()
            where Called(call) == method.Identifier.Text
            let arguments = call.ArgumentList.Arguments
            let named = arguments.FirstOrDefault(argument => argument.NameColon?.Name.Identifier.Text == parameter.Identifier.Text)
            select (named ?? arguments.ElementAtOrDefault(position))?.Expression ?? throw Unknown(call);
    }

    private static string? Called(InvocationExpressionSyntax call) => call.Expression switch
    {
        SimpleNameSyntax name => name.Identifier.Text,
        MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
        _ => null,
    };

    private static NotSupportedException Unknown(SyntaxNode node) =>
        new($"Which setting does this read? {node.Parent} (in {node.SyntaxTree.GetLineSpan(node.Span)})");
}
