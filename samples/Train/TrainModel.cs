using FunctionApp.Tasks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;

namespace FunctionApp.Train;

/// <summary>What to make of a table.</summary>
/// <param name="Target">The column to predict, a number; all others are what it is predicted from.</param>
/// <param name="Trees">How many trees to grow.</param>
public sealed record Training(string Target, int Trees);

/// <summary>How good the model is on the fifth of the rows that it was not trained on.</summary>
/// <param name="RSquared">1 for a model that is always right, 0 for one that is no better than the mean.</param>
/// <param name="RootMeanSquaredError">How far it is off.</param>
/// <param name="Importance">How much each column tells, of 1 in all, the most telling first.</param>
public sealed record TrainedModel(double RSquared, double RootMeanSquaredError, long Rows, IReadOnlyDictionary<string, double> Importance);

/// <summary>
/// Trains gradient boosted trees on a CSV file, with ML.NET, and leaves the model and a picture of what it predicts. A real kind of task to begin
/// with: its input is a file, and it says how far it is.
/// </summary>
public sealed class TrainModel(TaskRunner tasks) : TaskKind<Training, TrainedModel>("train", nameof(TrainModel))
{
    public const string ModelFile = "model.zip";

    private const int DefaultTrees = 200;
    private const int MaxTrees = 2_000;
    private const int Points = 500;

    public override TimeSpan TimeLimit => TimeSpan.FromHours(1);

    public override IReadOnlyList<string> ContentTypes => ["text/csv"];

    public override Training Read(JsonMembers body) => new(
        body.Required("target", value => value.GetString()!.Length > 0, "must be the name of a column").GetStringOrEmpty(),
        body.Optional(
            "trees", value => int.TryParse(value.GetString(), out int trees) && trees is >= 1 and <= MaxTrees, $"must be a whole number from 1 to {MaxTrees:N0}")
            is { } given && int.TryParse(given.GetStringOrEmpty(), out int number) ? number : DefaultTrees);

    public override async Task<TrainedModel> ComputeAsync(Training input, TaskProgress progress, CancellationToken cancellationToken)
    {
        using Table table = await Table.ReadAsync(progress.Input!, cancellationToken);
        string[] features = [.. table.Columns.Keys.Where(column => column != input.Target)];
        if (!table.Columns.TryGetValue(input.Target, out DataKind kind) || kind != DataKind.Single || features.Length == 0)
        {
            throw new PermanentFailureException($"The table needs a column \"{input.Target}\" of numbers, and others to predict it from.", "bad_table");
        }

        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) => LogTrainer(entry, progress);
        IDataView rows = ml.Data.Cache(table.Load(ml));
        DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(rows, testFraction: 0.2, seed: 1);
        progress.Report(0.1, "training");
        progress.Log($"{features.Length} columns: {string.Join(", ", features)}");

        IEstimator<ITransformer> prepare = Prepare(ml, table, features);
        var trainer = new FastTreeRegressionTrainer.Options
        {
            LabelColumnName = input.Target,
            NumberOfTrees = input.Trees,
            NumberOfThreads = 1, // the app may do other tasks beside
        };

        // This cannot be interrupted: of a task that is canceled meanwhile the work goes on for a while, unheard.
        ITransformer prepared = prepare.Fit(split.TrainSet);
        RegressionPredictionTransformer<FastTreeRegressionModelParameters> trees =
            ml.Regression.Trainers.FastTree(trainer).Fit(prepared.Transform(split.TrainSet));
        TransformerChain<RegressionPredictionTransformer<FastTreeRegressionModelParameters>> model = prepared.Append(trees);
        cancellationToken.ThrowIfCancellationRequested();

        progress.Report(0.9, "evaluating");
        IDataView predictions = model.Transform(split.TestSet);
        RegressionMetrics metrics = ml.Regression.Evaluate(predictions, input.Target);
        progress.Log(string.Create(CultureInfo.InvariantCulture, $"R² {metrics.RSquared:0.000}, RMSE {metrics.RootMeanSquaredError:0.000}"));

        await using (Stream file = await progress.OpenOutputAsync(ModelFile, "application/zip", cancellationToken))
        {
            ml.Model.Save(model, rows.Schema, file);
        }

        float[] actual = [.. predictions.GetColumn<float>(input.Target).Take(Points)];
        float[] predicted = [.. predictions.GetColumn<float>("Score").Take(Points)];
        await using (Stream file = await progress.OpenOutputAsync("plot.svg", "image/svg+xml", cancellationToken))
        {
            await Plot.WriteAsync(file, input.Target, actual.Zip(predicted), cancellationToken);
        }

        long count = rows.GetRowCount() ?? rows.GetColumn<float>(input.Target).LongCount();
        return new(metrics.RSquared, metrics.RootMeanSquaredError, count, Importance(trees.Model, prepared.GetOutputSchema(rows.Schema), features));
    }

    [Function(nameof(TrainModel))]
    public Task RunAsync([ActivityTrigger] TaskAttempt attempt, CancellationToken cancellationToken) =>
        tasks.RunAsync(this, attempt, cancellationToken);

    /// <summary>Numbers as they are; of a text a column for each of its values.</summary>
    private static IEstimator<ITransformer> Prepare(MLContext ml, Table table, string[] features)
    {
        InputOutputColumnPair[] texts =
            [.. features.Where(column => table.Columns[column] == DataKind.String).Select(column => new InputOutputColumnPair(column, column))];
        IEstimator<ITransformer> concatenate = ml.Transforms.Concatenate("Features", features);
        return texts.Length == 0 ? concatenate : ml.Transforms.Categorical.OneHotEncoding(texts).Append(concatenate);
    }

    private static Dictionary<string, double> Importance(FastTreeRegressionModelParameters model, DataViewSchema schema, string[] features)
    {
        VBuffer<float> weights = default;
        model.GetFeatureWeights(ref weights);
        VBuffer<ReadOnlyMemory<char>> names = default;
        schema["Features"].GetSlotNames(ref names);
        (string Name, float Weight)[] slots = [.. names.DenseValues().Select(name => $"{name}").Zip(weights.DenseValues())];
        double all = Math.Max(slots.Sum(slot => slot.Weight), float.Epsilon);
        return features
            .Select(column => (Name: column, Weight: slots.Where(slot => slot.Name == column || slot.Name.StartsWith($"{column}.", StringComparison.Ordinal)).Sum(slot => slot.Weight)))
            .OrderByDescending(column => column.Weight)
            .ToDictionary(column => column.Name, column => Math.Round(column.Weight / all, 4));
    }

    private static void LogTrainer(LoggingEventArgs entry, TaskProgress progress)
    {
        if (entry.Kind >= Microsoft.ML.Runtime.ChannelMessageKind.Info && entry.Source.StartsWith("FastTree", StringComparison.Ordinal))
        {
            progress.Log(entry.RawMessage);
        }
    }
}
