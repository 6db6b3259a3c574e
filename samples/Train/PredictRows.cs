using FunctionApp.Tasks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace FunctionApp.Train;

/// <param name="Model">ID of the task that has trained it.</param>
public sealed record Prediction(string Model);

/// <param name="Predictions">One for each row, in their order.</param>
public sealed record PredictedRows(IReadOnlyList<float> Predictions);

/// <summary>Predicts, for each row of a CSV file, with the model that a task of the kind <c>train</c> has left.</summary>
public sealed class PredictRows(TaskRunner tasks, TaskFiles files) : TaskKind<Prediction, PredictedRows>("predict", nameof(PredictRows))
{
    public override IReadOnlyList<string> ContentTypes => ["text/csv"];

    public override Prediction Read(JsonMembers body) =>
        new(body.Required("model", value => Guid.TryParse(value.GetString(), out _), "must be the ID of a task").GetStringOrEmpty());

    public override async Task<PredictedRows> ComputeAsync(Prediction input, TaskProgress progress, CancellationToken cancellationToken)
    {
        await using Stream file = await files.OpenAsync(input.Model, TrainModel.ModelFile, cancellationToken)
            ?? throw new PermanentFailureException($"The task {input.Model} has left no model, or is deleted.", "no_model");
        var ml = new MLContext();
        ITransformer model = ml.Model.Load(file, out DataViewSchema schema);
        using Table table = await Table.ReadAsync(progress.Input!, cancellationToken);

        // The types are the model's: a column of texts may look like one of numbers here.
        var types = schema.ToDictionary(column => column.Name, column => column.Type == TextDataViewType.Instance ? DataKind.String : DataKind.Single);
        try
        {
            return new([.. model.Transform(table.Load(ml, types)).GetColumn<float>("Score")]);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new PermanentFailureException($"The table does not fit the model: {e.Message.Split('\n')[0]}", "bad_table");
        }
    }

    [Function(nameof(PredictRows))]
    public Task RunAsync([ActivityTrigger] TaskAttempt attempt, CancellationToken cancellationToken) =>
        tasks.RunAsync(this, attempt, cancellationToken);
}
