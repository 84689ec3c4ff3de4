import DriverHost
import Glibc

exit(HostServer.run(CommandLine.arguments))
