import EngineDaemon
import Glibc

exit(await Daemon.main(CommandLine.arguments))
