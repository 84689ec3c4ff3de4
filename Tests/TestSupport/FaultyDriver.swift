public import Testing

/// A volume driver of strangers: the C source of the driver host's tests, which does what a volume's name says.
public enum FaultyDriver {
    private static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

    /// Builds FOLDER/VERSION/libvolume-faulty.so, for each version.
    public static func build(_ versions: [String], in folder: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let script = """
            for version in \(versions.joined(separator: " ")); do
              mkdir -p \(folder)/$version && cc -O1 -fPIC -shared -I\(root)/Sources/CDriverABI/include -DVERSION="\\"$version\\"" \
                \(root)/Tests/DriverHostTests/Fixtures/faulty.c -o \(folder)/$version/libvolume-faulty.so || exit 1
            done
            """
        let built = Command.run(["sh", "-c", script])
        #expect(built.status == 0, "\(built.everything)", sourceLocation: sourceLocation)
    }
}
