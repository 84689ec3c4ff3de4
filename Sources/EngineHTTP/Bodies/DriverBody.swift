import DriverKit
import EngineCore
import EngineWire

enum DriverBody {
    static func driver(_ driver: DriverSnapshot) -> JSONValue {
        [
            "Kind": .string(driver.kind), "Name": .string(driver.name), "Version": .string(driver.version), "Path": .string(driver.path),
            "State": .string(driver.state), "Reason": .string(driver.reason), "Default": .bool(driver.isDefault), "Isolated": .bool(driver.isIsolated),
            "Summary": .string(driver.summary), "Capabilities": JSONValue(driver.capabilities),
            "Options": .array(
                driver.options.map { option in
                    ["Name": .string(option.name), "Type": .string("\(option.kind)"), "Default": .string(option.defaultValue), "Summary": .string(option.summary)]
                }),
            "Calls": .integer(Int64(driver.calls)), "Errors": .integer(Int64(driver.errors)), "Restarts": .integer(Int64(driver.restarts)),
            // ns
            "P50": .integer(driver.median), "P99": .integer(driver.slowest),
        ]
    }

    static func call(_ call: DriverCallSnapshot) -> JSONValue {
        ["Kind": .string(call.kind), "Driver": .string(call.driver), "Call": .string(call.operation), "Age": .integer(call.age)]
    }
}
