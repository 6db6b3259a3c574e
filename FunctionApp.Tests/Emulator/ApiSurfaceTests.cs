using FunctionApp.Emulator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FunctionApp.Tests.Emulator;

/// <summary>
/// The stand-in's public API is a part of the official one. official-api.tsv lists the latter: documentation ID, tab,
/// C# declaration.
/// </summary>
public class ApiSurfaceTests
{
    private static readonly SymbolDisplayFormat Declaration = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeAccessibility | SymbolDisplayMemberOptions.IncludeModifiers
            | SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeConstantValue,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeExtensionThis,
        extensionMethodStyle: SymbolDisplayExtensionMethodStyle.StaticMethod,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    [Fact]
    public void Every_public_member_of_the_stand_in_is_declared_as_the_official_one()
    {
        Dictionary<string, string> official = ReadOfficialApi();
        List<ISymbol> standIn = [.. StandInTypes().SelectMany(type => type.GetMembers().Where(IsApi).Prepend(type))];

        Assert.True(standIn.Count > 150, $"only {standIn.Count} symbols were read");
        string deviations = string.Join('\n', standIn.Select(symbol => Deviation(symbol, official)).OfType<string>());
        Assert.True(deviations.Length == 0, deviations);
    }

    private static string? Deviation(ISymbol symbol, Dictionary<string, string> official)
    {
        string id = symbol.GetDocumentationCommentId()!;
        if (!official.TryGetValue(id, out string? expected))
        {
            return $"{id} is not official";
        }

        // The list writes types in a form of its own, and accessors and constraints where they say nothing here.
        string actual = symbol.ToDisplayString(Declaration);
        bool agrees = symbol switch
        {
            INamedTypeSymbol type => expected.Contains("abstract ", StringComparison.Ordinal) == type is { IsAbstract: true, IsStatic: false }
                && expected.StartsWith("sealed ", StringComparison.Ordinal) == (type.IsSealed && type.TypeKind == TypeKind.Class && !type.IsStatic)
                && expected.StartsWith("static ", StringComparison.Ordinal) == type.IsStatic,
            IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } => actual.EndsWith(expected, StringComparison.Ordinal),
            _ => Normalize(actual) == Normalize(expected),
        };
        return agrees ? null : $"{id}\n  official: {expected}\n  stand-in: {actual}";
    }

    private static string Normalize(string declaration) => declaration
        .Replace(" private init;", "", StringComparison.Ordinal)
        .Replace(" internal get;", "", StringComparison.Ordinal)
        .Replace(" where T : default", "", StringComparison.Ordinal);

    private static IEnumerable<INamedTypeSymbol> StandInTypes()
    {
        IEnumerable<PortableExecutableReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        string path = typeof(EmulatedFunctionApp).Assembly.Location;
        var compilation = CSharpCompilation.Create("surface", references: references);
        MetadataReference emulator = compilation.References.Single(reference => reference.Display == path);
        return Types(((IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(emulator)!).GlobalNamespace)
            .Where(type => type.DeclaredAccessibility == Accessibility.Public && !type.IsImplicitlyDeclared)
            .Where(type => type.ContainingNamespace.ToString()!.StartsWith("Microsoft.", StringComparison.Ordinal));
    }

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        space.GetTypeMembers().Concat(space.GetNamespaceMembers().SelectMany(Types));

    private static bool IsApi(ISymbol member) =>
        member.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && member is not IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet }
        && member is not INamedTypeSymbol
        && member is not IMethodSymbol { MethodKind: MethodKind.Constructor, ContainingType.TypeKind: TypeKind.Struct, Parameters.Length: 0 }
        && member.Name is not ("value__" or "<Clone>$" or "PrintMembers" or "EqualityContract");

    private static Dictionary<string, string> ReadOfficialApi()
    {
        using Stream list = typeof(ApiSurfaceTests).Assembly.GetManifestResourceStream("official-api.tsv")!;
        using var reader = new StreamReader(list);
        return reader.ReadToEnd().Split('\n')
            .Select(line => line.TrimEnd('\r').Split('\t'))
            .Where(columns => columns.Length == 2)
            .DistinctBy(columns => columns[0])
            .ToDictionary(columns => columns[0], columns => columns[1]);
    }
}
