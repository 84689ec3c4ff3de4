@testable import ContainerRuntime
import EngineErrors
import Glibc
import LinuxCgroups
import LinuxSystem
import TestSupport
import Testing

@Suite("shims that hang", .enabled(if: geteuid() == 0))
struct HangingShimTests {
    @Test("one that can't make its container and does not end is ended: nobody waits for it")
    func failed() async throws {
        let folder = temporaryFolder(), cgroups = try CgroupSystem.detect()
        defer { try? Files.removeTree(folder) }
        // Answers the first request with `failed`.
        let script = """
            #!/bin/sh
            head -c 12 <&4 >/dev/null
            touch \(folder)/asked
            printf '\\0\\0\\0\\0\\102\\0\\003\\0\\001\\0\\0\\0' >&4
            i=0; while [ $i -lt 600 ]; do i=$((i+1)); sleep 0.1; done
            touch \(folder)/ended

            """
        try Files.replace("\(folder)/shim", with: Array(script.utf8))
        let runtime = try ContainerRuntime(program: ShimProgram(path: "\(folder)/shim"), execRoot: folder, cgroups: cgroups)
        var specification = ContainerSpecification(id: "c")
        specification.cgroup = "gantry-hanging/c"
        defer { cgroups.removeParentIfEmpty("gantry-hanging") }
        await #expect(throws: EngineError.self) { _ = try await runtime.create(specification, limits: CgroupLimits(), attached: [], kept: []) }
        #expect(Files.exists("\(folder)/asked"))
        #expect(!Files.exists("\(folder)/ended") && !Files.exists("\(folder)/containers/c"))
    }
}
