using FunctionApp.Emulator.Host;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Where an app starts to be composed.</summary>
public class FunctionsApplication
{
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        try
        {
            return new FunctionsApplicationBuilder(args);
        }
        catch (EmulatorException e)
        {
            throw EmulatorSession.Refuse(e);
        }
    }
}
