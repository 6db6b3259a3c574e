namespace Bench;

/// <summary>The command line: words, and options as <c>--name value</c>.</summary>
internal sealed class Arguments
{
    private readonly List<string> _words = [];
    private readonly Dictionary<string, string> _options = [];

    public Arguments(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                _words.Add(args[i]);
            }
            else if (i + 1 < args.Length)
            {
                _options[args[i][2..]] = args[++i];
            }
            else
            {
                throw new BenchException($"{args[i]} needs a value.");
            }
        }
    }

    public string? Word(int index) => _words.ElementAtOrDefault(index);

    public string? Option(string name) => _options.GetValueOrDefault(name);

    public int Number(string name, int defaultValue) => Option(name) is not { } text ? defaultValue
        : int.TryParse(text, CultureInfo.InvariantCulture, out int value) && value > 0 ? value
        : throw new BenchException($"--{name} must be a positive number, not \"{text}\".");

    /// <exception cref="BenchException">There is an option that is none of these.</exception>
    public void AllowOnly(params string[] names)
    {
        if (_options.Keys.Except(names).FirstOrDefault() is { } unknown)
        {
            throw new BenchException($"There is no option --{unknown}; there are: --{string.Join(", --", names)}.");
        }
    }
}
