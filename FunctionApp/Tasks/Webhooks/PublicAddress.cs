using System.Net;
using System.Net.Sockets;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>
/// Tells addresses on the public internet from those that lead into a network, a machine or a cloud's own services.
/// Sources: https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry,
/// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] SpecialV4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32",
        }.Select(IPNetwork.Parse),
    ];

    // Of IPv6 only this is handed out for the public internet, and in it these are special.
    private static readonly IPNetwork GlobalV6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] SpecialV6 =
        [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse)];

    public static bool Is(IPAddress address) => address switch
    {
        { IsIPv4MappedToIPv6: true } => Is(address.MapToIPv4()),
        { AddressFamily: AddressFamily.InterNetwork } => !SpecialV4.Any(network => network.Contains(address)),
        { AddressFamily: AddressFamily.InterNetworkV6 } =>
            GlobalV6.Contains(address) && !SpecialV6.Any(network => network.Contains(address)),
        _ => false,
    };
}
