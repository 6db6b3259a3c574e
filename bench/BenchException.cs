namespace Bench;

/// <summary>A measurement is not possible. <see cref="Exception.Message"/> says why.</summary>
internal sealed class BenchException(string message) : Exception(message);
