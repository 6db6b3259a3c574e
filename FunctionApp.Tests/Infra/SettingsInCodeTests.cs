namespace FunctionApp.Tests.Infra;

public class SettingsInCodeTests
{
    [Fact]
    public void Settings_are_found_through_constants_parameters_and_sections() => Assert.Equal(
        ["A", "B__C", "B__D", "E", "F", "F__G"],
        SettingsInCode.Find(
        [
            """
            class Reader
            {
                private const string E = "E";
                void Read(IConfiguration configuration)
                {
                    _ = builder.Configuration["A"];
                    Part(configuration, "C");
                    Part(name: "D", configuration: configuration);
                }
                void Part(IConfiguration configuration, string name) => _ = configuration[$"B:{name}"];
                void Rest() { Environment.GetEnvironmentVariable(E); Section(builder.Configuration.GetSection("F")); }
                void Section(IConfigurationSection section) => _ = section.Value ?? section["G"];
            }
            """,
        ]));

    [Theory]
    [InlineData("configuration[Name()]")]
    [InlineData("configuration.GetConnectionString(\"A\")")]
    [InlineData("Elsewhere.Bind(configuration.GetSection(\"A\"))")]
    public void A_read_that_cannot_be_followed_is_an_error(string read) => Assert.Throws<NotSupportedException>(
        () => SettingsInCode.Find([$"class Reader {{ void Read(IConfiguration configuration) => _ = {read}; }}"]));
}
