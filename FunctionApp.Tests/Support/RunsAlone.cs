// Most of the tests that may run beside each other wait for a host.
[assembly: Xunit.v3.Parallelization(MaxThreads = 4)]

namespace FunctionApp.Tests;

/// <summary>Tests that load the machine, or bound an answer's time: no others run beside them.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
