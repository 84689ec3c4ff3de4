import CDriverABI
import DriverHost
import DriverKit
import Glibc

extension CommonSuite {
    /// A newer engine's structs have fields behind those that the driver knows.
    static let largerStructs = Check("driver.accepts-a-newer-engine", "structs that are larger than the driver knows, from an engine of a later minor version, work as the smaller ones do") { bench in
        let name = bench.instanceName, state = try bench.state()
        bench.step("gantry_driver_entry_v1 with a gantry_host of 64 more bytes and version \(GANTRY_ABI_MAJOR).\(GANTRY_ABI_MINOR + 1)")
        guard let image = dlopen(bench.driver.path, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(image, GANTRY_ENTRY_SYMBOL) else { throw Outcome.failed("the entry point is gone") }
        typealias Entry = @convention(c) (UnsafePointer<gantry_host>?, UnsafeMutablePointer<gantry_error>?) -> UnsafePointer<gantry_driver>?
        let host = Larger(gantry_host(size: 0, abi_version: GANTRY_ABI_MAJOR << 16 | (GANTRY_ABI_MINOR + 1), context: nil, log: { _, _, _ in }))
        var error = gantry_error()
        guard let driver = unsafeBitCast(symbol, to: Entry.self)(host.pointer, &error) else { throw Outcome.failed("the entry point returned NULL (code \(error.code))") }
        guard let table = driver.pointee.vtable else { throw Outcome.failed("the vtable is NULL") }
        let functions = table.load(fromByteOffset: 8, as: InstanceFunctions.self)

        bench.step("open with gantry_open_args of 64 more bytes")
        try name.withCString { name in
            try state.withCString { state in
                let options = Pairs(bench.settings.options), labels = Pairs(bench.driver.kind == .log ? Bench.containerFacts : [:])
                var arguments = gantry_open_args()
                arguments.name = gantry_bytes(ptr: name, len: strlen(name))
                arguments.state_dir = gantry_bytes(ptr: state, len: strlen(state))
                arguments.mark = arguments.name
                arguments.mark.len = 6
                (arguments.options, arguments.option_count) = (options.pointer, options.count)
                (arguments.labels, arguments.label_count) = (labels.pointer, labels.count)
                var instance: OpaquePointer?
                let code = functions.open?(driver.pointee.factory, Larger(arguments).pointer, &instance, &error) ?? -1
                try demand(code == 0 && instance != nil, "open returned \(ErrorNames.name(code))")
                bench.step("close")
                functions.close?(instance)
            }
        }
    }
}

/// The first two functions of every vtable.
private struct InstanceFunctions {
    typealias Open =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<gantry_open_args>?, UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<gantry_error>?
        ) -> Int32
    var open: Open?
    var close: (@convention(c) (OpaquePointer?) -> Void)?
}

/// A SIZED struct with 64 bytes of a later version behind it, which hold 0xee. Never freed: the process ends soon.
private struct Larger<Struct> {
    let pointer: UnsafePointer<Struct>

    init(_ value: Struct) {
        let size = MemoryLayout<Struct>.size
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size + 64, alignment: 16)
        memset(memory, 0xee, size + 64)
        memory.initializeMemory(as: Struct.self, to: value)
        memory.storeBytes(of: UInt32(size + 64), as: UInt32.self)
        pointer = UnsafePointer(memory.assumingMemoryBound(to: Struct.self))
    }
}

/// Options in C. Never freed.
private struct Pairs {
    let pointer: UnsafePointer<gantry_pair>?
    let count: Int

    init(_ values: [String: String]) {
        count = values.count
        let memory = UnsafeMutablePointer<gantry_pair>.allocate(capacity: max(count, 1))
        for (index, pair) in values.enumerated() {
            let key = strdup(pair.key), value = strdup(pair.value)
            memory[index] = gantry_pair(key: gantry_bytes(ptr: key, len: strlen(key!)), value: gantry_bytes(ptr: value, len: strlen(value!)))
        }
        pointer = count == 0 ? nil : UnsafePointer(memory)
    }
}
