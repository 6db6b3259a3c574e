using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(FunctionApp.Tests.SharedHostsFirst))]

namespace FunctionApp.Tests;

/// <summary>
/// Collections whose tests share a host have the most tests, which run one after another: they begin first, and those of one class
/// fill the gaps, those of Reliability, which take longest, before the others.
/// </summary>
public sealed class SharedHostsFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionClassName is null).ThenByDescending(collection => collection.TestCollectionClassName ?? collection.TestCollectionDisplayName)];
}
