using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using FunctionApp.Multiply;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Moq;

namespace FunctionApp.Tests.Unit;

public class GetMultiplicationTests
{
    private const string TaskId = "6ba6be8e-0000-4000-8000-000000000000";
    private readonly Mock<DurableTaskClient> _client = new(MockBehavior.Strict, "test");
    private readonly Mock<TableClient> _table = new(MockBehavior.Strict);

    [Fact]
    public async Task The_row_is_the_answer_and_the_task_hub_is_not_asked()
    {
        Rows("4.6");

        (int status, JsonElement body) = await GetAsync(Requests.Create(), TaskId.ToUpperInvariant());

        Assert.Equal(200, status);
        Assert.Equal("4.6", body.GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task A_row_that_came_between_the_two_questions_is_found()
    {
        Rows(null, "42");
        Instance(OrchestrationRuntimeStatus.Completed);

        (int status, JsonElement body) = await GetAsync(Requests.Create());

        Assert.Equal(200, status);
        Assert.Equal("42", body.GetProperty("result").GetRawText());
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Pending, "Pending", true)]
    [InlineData(OrchestrationRuntimeStatus.Running, "Running", true)]
    [InlineData(OrchestrationRuntimeStatus.Suspended, "Running", true)]
    [InlineData(OrchestrationRuntimeStatus.Failed, "Failed", false)]
    [InlineData(OrchestrationRuntimeStatus.Terminated, "Terminated", false)]
    [InlineData(null, "Unknown", false)]
    public async Task Without_a_row_the_status_is_a_404_and_Retry_After_stands_only_where_polling_helps(
        OrchestrationRuntimeStatus? instance, string expected, bool retry)
    {
        Rows(null, null);
        Instance(instance);
        HttpRequest request = Requests.Create();

        (int status, JsonElement problem) = await GetAsync(request);

        Assert.Equal(404, status);
        Assert.Equal(expected, problem.GetProperty("task_status").GetString());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.Equal(retry, request.HttpContext.Response.Headers.ContainsKey("Retry-After"));
    }

    [Theory]
    [InlineData(typeof(MultiplicationFailedException), true)]
    [InlineData(typeof(InvalidOperationException), false)]
    public async Task Only_the_apps_own_reason_of_a_failure_is_shown(Type exception, bool shown)
    {
        Rows(null, null);
        Instance(OrchestrationRuntimeStatus.Failed, failure: new(exception.FullName!, "the reason", null, null, null));

        (_, JsonElement problem) = await GetAsync(Requests.Create());

        Assert.Equal(shown, problem.GetProperty("detail").GetString()!.Contains("the reason", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"by \\\"hand\\\"\"", "by \"hand\"")]
    [InlineData("by hand", "by hand")]
    public async Task The_reason_of_a_termination_is_shown(string output, string expected)
    {
        Rows(null, null);
        Instance(OrchestrationRuntimeStatus.Terminated, output);

        (_, JsonElement problem) = await GetAsync(Requests.Create());

        Assert.EndsWith(expected, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("6ba6be8e000040008000000000000000")]
    public async Task What_is_not_a_UUID_is_unknown_without_a_question(string taskId)
    {
        (int status, JsonElement problem) = await GetAsync(Requests.Create(), taskId);

        Assert.Equal(404, status);
        Assert.Equal("Unknown", problem.GetProperty("task_status").GetString());
    }

    [Fact]
    public async Task Storage_out_of_reach_is_503_with_Retry_After()
    {
        SetupRead().ThrowsAsync(new RequestFailedException("Connection refused (10.0.0.1:443)"));
        HttpRequest request = Requests.Create();

        (int status, JsonElement problem) = await GetAsync(request);

        Assert.Equal(503, status);
        Assert.True(request.HttpContext.Response.Headers.ContainsKey("Retry-After"));
        Assert.DoesNotContain("10.0.0.1", problem.ToString(), StringComparison.Ordinal);
    }

    private Task<(int Status, JsonElement Body)> GetAsync(HttpRequest request, string taskId = TaskId) => request.ExecuteAsync(
        new GetMultiplication(new ResultsTable(_table.Object)).RunAsync(request, taskId, _client.Object, CancellationToken.None));

    private Moq.Language.Flow.ISetup<TableClient, Task<NullableResponse<TableEntity>>> SetupRead() =>
        _table.Setup(table => table.GetEntityIfExistsAsync<TableEntity>(
            TaskId, TaskId, It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()));

    private void Rows(params string?[] results)
    {
        var queue = new Queue<string?>(results);
        SetupRead().ReturnsAsync(() => new Row(queue.Dequeue()));
    }

    private void Instance(OrchestrationRuntimeStatus? status, string? output = null, TaskFailureDetails? failure = null)
    {
        OrchestrationMetadata? instance = status is null ? null : new OrchestrationMetadata(nameof(MultiplyOrchestration), TaskId)
        {
            RuntimeStatus = status.Value,
            SerializedOutput = output,
            FailureDetails = failure,
        };
        _client.Setup(client => client.GetInstanceAsync(TaskId, true, It.IsAny<CancellationToken>())).ReturnsAsync(instance);
    }

    private sealed class Row(string? result) : NullableResponse<TableEntity>
    {
        public override bool HasValue => result is not null;

        public override TableEntity? Value => result is null ? null : new TableEntity { ["Result"] = result };

        public override Response GetRawResponse() => throw new NotSupportedException();
    }
}
