using DurableLocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>An Azurite that is installed already is used, wherever npm may have put it.</summary>
public sealed class AzuritePackageTests : IDisposable
{
    private static readonly Version Wanted = new(3, 37, 0);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("npm-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("azurite", "3.37.0", true)]
    [InlineData("azurite", "3.38.1", true)]
    [InlineData("azurite", "3.36.9", false)]
    [InlineData("azurite", "4.0.0", false)]
    [InlineData("azurite", "next", false)]
    [InlineData("another", "3.37.0", false)]
    public void In_node_modules_above_it_has_to_be_a_version_that_fits(string name, string version, bool fits)
    {
        string package = Install("node_modules/azurite", name, version);

        Assert.Equal(fits ? package : null, AzuritePackage.FindInstalled(Wanted, [Path.Combine(_folder.FullName, "a/b")], path: null));
    }

    [Fact]
    public void On_PATH_it_is_a_link_into_its_package()
    {
        string package = Install("lib/node_modules/azurite", "azurite", "3.37.0");
        string script = Path.Combine(package, "dist", "src", "azurite.js");
        Directory.CreateDirectory(Path.GetDirectoryName(script)!);
        File.WriteAllText(script, "");
        string commands = _folder.CreateSubdirectory("bin").FullName;
        File.CreateSymbolicLink(Path.Combine(commands, "azurite"), script);

        Assert.Equal(package, AzuritePackage.FindInstalled(Wanted, [], $"/nowhere{Path.PathSeparator}{commands}"));
    }

    [Fact]
    public void On_PATH_its_package_may_lie_beside_the_command()
    {
        string package = Install("npm/node_modules/azurite", "azurite", "3.37.0");

        Assert.Equal(package, AzuritePackage.FindInstalled(Wanted, [], Path.Combine(_folder.FullName, "npm")));
    }

    private string Install(string path, string name, string version)
    {
        string folder = _folder.CreateSubdirectory(path).FullName;
        File.WriteAllText(Path.Combine(folder, "package.json"), $$"""{ "name": "{{name}}", "version": "{{version}}" }""");
        return folder;
    }
}
