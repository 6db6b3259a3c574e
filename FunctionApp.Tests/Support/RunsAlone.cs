namespace FunctionApp.Tests;

/// <summary>Tests that load the machine, or bound an answer's time: no others run beside them.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
