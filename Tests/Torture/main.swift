import FaultHarness
import Glibc

exit(TortureCommand.main(Array(CommandLine.arguments.dropFirst())))
