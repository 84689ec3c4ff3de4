import EngineCLI
import Glibc

exit(Gantry.run(Array(CommandLine.arguments.dropFirst())))
