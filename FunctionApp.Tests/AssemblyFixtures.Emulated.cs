using FunctionApp.Tests;
using FunctionApp.Tests.Api;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]
[assembly: AssemblyFixture(typeof(ApiFixture))]
