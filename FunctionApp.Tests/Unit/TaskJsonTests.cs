using System.Text;
using System.Text.Json;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;

namespace FunctionApp.Tests.Unit;

public class TaskJsonTests
{
    [Theory]
    [InlineData("я")]
    [InlineData("漢")]
    [InlineData("<")]
    [InlineData("&")]
    public void Text_is_stored_as_it_was_sent(string character)
    {
        string text = string.Concat(Enumerable.Repeat(character, 10_921));
        Assert.Equal(Encoding.UTF8.GetByteCount(text) + 2, TaskJson.WriteInput(text).ToMemory().Length);
        Assert.Equal(Encoding.UTF8.GetByteCount(text) + 2, TaskJson.WriteResult(text).ToMemory().Length);
    }

    [Fact]
    public void What_is_too_large_as_it_is_stored_is_refused_with_its_size_and_the_limit()
    {
        RequestRefusedException input = Assert.Throws<RequestRefusedException>(() => TaskJson.CheckSize("The input", 70_000));
        Assert.Equal((413, "The input takes 70,000 bytes as it is stored, but may take 65,536 at most."), (input.StatusCode, input.Message));

        // An escape sequence of six characters for each.
        PermanentFailureException result = Assert.Throws<PermanentFailureException>(() => TaskJson.WriteResult(new string('\u0001', 11_000)));
        Assert.Equal(("too_large", "The result takes 66,002 bytes as it is stored, but may take 65,536 at most."), (result.Error.Code, result.Error.Detail));
    }

    [Fact]
    public void An_item_and_all_together_have_limits_too()
    {
        static BatchItems Read(params int[] lengths) => BatchItems.Read(
            JsonMembers.Parse(Encoding.UTF8.GetBytes($$"""{"items": [{{string.Join(',', lengths.Select(n => $$"""{"n": {{n}}}"""))}}]}""")), new Text());

        Assert.Equal(2, Read(10_000, 1).Inputs.Count);
        Assert.Contains("items[1] takes", Assert.Throws<RequestRefusedException>(() => Read(1, 11_000)).Message);
        Assert.Contains("The batch takes", Assert.Throws<RequestRefusedException>(() => Read([.. Enumerable.Repeat(10_000, 36)])).Message);
    }

    [Fact]
    public void What_cannot_be_written_is_the_callers_or_the_tasks_failure_and_no_unexpected_one()
    {
        Assert.Equal(400, Assert.Throws<RequestRefusedException>(() => TaskJson.WriteInput(double.Parse("1e999"))).StatusCode);
        Assert.Equal(400, Assert.Throws<RequestRefusedException>(() => TaskJson.WriteInput(Nested(61))).StatusCode);
        Assert.Equal("not_finite", Assert.Throws<PermanentFailureException>(() => TaskJson.WriteResult(double.NaN)).Error.Code);
        Assert.Equal("too_large", Assert.Throws<PermanentFailureException>(() => TaskJson.WriteResult(Nested(61))).Error.Code);
        Assert.Equal(Nested(60).GetRawText(), TaskJson.WriteResult(Nested(60)).ToString());
    }

    private static JsonElement Nested(int levels) => JsonElement.Parse(new string('[', levels) + new string(']', levels));

    /// <summary>A kind whose input takes six bytes for each that it is asked for.</summary>
    private sealed class Text() : TaskKind<string, string>("text", "Text")
    {
        public override string Read(JsonMembers body) => new('\u0001', body.Required("n", _ => true, "").GetInt32());

        public override Task<string> ComputeAsync(string input, TaskProgress progress, CancellationToken cancellationToken) => Task.FromResult(input);
    }
}
