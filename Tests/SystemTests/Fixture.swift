import LinuxSystem
import TestSupport
import Testing

/// Drivers of strangers, built from the C sources of the driver host's tests.
enum Fixture {
    private static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

    /// As `folder/library`.
    static func build(_ source: String, _ library: String, in folder: String, _ flags: [String] = []) throws -> String {
        try Files.makeDirectories(folder, mode: 0o755)
        let path = "\(folder)/\(library)"
        let arguments = ["cc", "-O1", "-fPIC", "-shared", "-I\(root)/Sources/CDriverABI/include"] + flags
        let built = Command.run(arguments + ["\(root)/Tests/DriverHostTests/Fixtures/\(source)", "-o", path])
        #expect(built.status == 0, "\(built.everything)")
        return path
    }

    /// One that crashes, hangs or waits when a volume's name says so.
    static func volumeDriver(in folder: String, _ flags: [String] = []) throws -> String {
        try build("faulty.c", "libvolume-faulty.so", in: folder, flags)
    }

    /// A storage, network or volume driver of the SDK's templates: it hangs while it is loaded, in `open`, in `walk` and in
    /// a network's `remove` for as long as the file "<gate>-load", "<gate>-open", "<gate>-walk" or "<gate>-remove" is there.
    static func stuckDriver(_ kind: String, name: String = "stuck", version: String = "0.1.0", gate: String, in folder: String) throws -> String {
        var text = try String(decoding: Files.read("\(root)/plugins/templates/c/\(kind).c"), as: UTF8.self).replacing("@NAME@", with: name).replacing("0.1.0", with: version)
        let hang = "#include <unistd.h>\nstatic void hang(const char *file) { while (!access(file, F_OK)) usleep(10000); }\n"
        var edits = [
            ("#define TEXT", hang + "#define TEXT"), ("    (void)factory;\n", "    (void)factory;\n    hang(\"\(gate)-open\");\n"),
            ("gantry_error *error) {\n    (void)host, (void)error;\n", "gantry_error *error) {\n    (void)host, (void)error;\n    hang(\"\(gate)-load\");\n"),
            ("static int32_t \(kind)_walk(", "static int32_t \(kind)_real_walk("),
            ("static const gantry_\(kind)_vtable", walk(kind, gate) + "static const gantry_\(kind)_vtable"),
        ]
        if kind == "network" { edits.append(("    (void)all, (void)id, (void)error;\n", "    (void)all, (void)id, (void)error;\n    hang(\"\(gate)-remove\");\n")) }
        for (old, new) in edits {
            let place = try #require(text.firstRange(of: old), "the template has no \"\(old)\"")
            text.replaceSubrange(place, with: new)
        }
        try Files.makeDirectories(folder, mode: 0o755)
        let source = "\(folder)/\(kind).c", path = "\(folder)/lib\(kind)-\(name).so"
        try Files.replace(source, with: Array(text.utf8))
        let built = Command.run(["cc", "-O1", "-std=gnu11", "-fPIC", "-shared", "-I\(root)/Sources/CDriverABI/include", source, "-o", path])
        try #require(built.status == 0, "\(built.everything)")
        return path
    }

    private static func walk(_ kind: String, _ gate: String) -> String {
        let sink = ["storage": "gantry_snapshot_sink", "network": "gantry_network_object_sink", "volume": "gantry_volume_sink"][kind] ?? ""
        return """
            static int32_t \(kind)_walk(gantry_instance *all, \(sink) sink, void *context, gantry_error *error) {
                hang("\(gate)-walk");
                return \(kind)_real_walk(all, sink, context, error);
            }

            """
    }
}
