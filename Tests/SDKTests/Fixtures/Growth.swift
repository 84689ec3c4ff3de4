import DriverKit
import Glibc

/// What an author may do with structs that grow, before the driver opens: their size is asked of the Swift runtime,
/// which may have another image's in mind.
func opened(_ context: OpenContext) throws -> any LogDriver {
    var tables: [gantry_log_vtable] = [], arguments: [gantry_open_args] = []
    for number in 0..<3 {
        var table = gantry_log_vtable(), argument = gantry_open_args()
        (table.size, table.caps) = (77, UInt32(number))
        (argument.flags, argument.label_count) = (77, number)
        tables.append(table)
        arguments.append(argument)
    }
    guard tables.map(\.size) == [77, 77, 77], tables.map(\.caps) == [0, 1, 2], arguments.map(\.flags) == [77, 77, 77], arguments.map(\.label_count) == [0, 1, 2] else {
        throw DriverError(EPROTO, "structs that grow have another layout than this driver was built with")
    }
    return try Lines(context)
}
