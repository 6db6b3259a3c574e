using Xunit.v3;

namespace FunctionApp.Tests;

/// <summary>
/// A proof that takes long: a series of crashes, an outage, a flood, a minute of waiting, the page in all its states. <c>dotnet test</c> leaves it out,
/// <c>dotnet test -p:Tests=Long</c> runs such tests alone, <c>-p:Tests=All</c> runs them among the others (CONTRIBUTING.md).
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class LongAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Category", "Long")];
}
