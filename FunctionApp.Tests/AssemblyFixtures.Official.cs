using FunctionApp.Tests.Api;

[assembly: AssemblyFixture(typeof(ApiFixture))]
