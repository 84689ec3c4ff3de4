import ContainerRuntime
import EngineErrors
import Testing

@Suite("capabilities and seccomp programs")
struct ConfinementTests {
    @Test("Docker's fourteen make Docker's mask")
    func standard() throws {
        #expect(Capabilities.mask(try Capabilities.resolve(adding: [], dropping: [], privileged: false)) == 0xa804_25fb)
    }

    @Test(
        "adding and dropping",
        arguments: [
            (["NET_ADMIN"], [], 0xa804_35fb), (["cap_net_admin"], ["ALL"], 0x1000), ([], ["ALL"], 0), ([], ["CHOWN"], 0xa804_25fa),
        ] as [([String], [String], UInt64)])
    func changed(_ added: [String], _ dropped: [String], _ mask: UInt64) throws {
        #expect(Capabilities.mask(try Capabilities.resolve(adding: added, dropping: dropped, privileged: false)) == mask)
    }

    @Test("an unknown capability is named")
    func unknown() {
        let error = #expect(throws: EngineError.self) { try Capabilities.resolve(adding: ["FLY"], dropping: [], privileged: false) }
        #expect(error?.code == .invalidArgument && error?.message.contains("FLY") ?? false)
    }

    @Test("the default filter is a program, made once; unconfined is none")
    func programs() throws {
        let names = Set(Capabilities.standard)
        let program = try SeccompProgram.make(profile: nil, capabilities: names)
        #expect(program.count > 800 && program.count % 8 == 0 && program.count / 8 < 4096)
        #expect(try SeccompProgram.make(profile: nil, capabilities: names) == program)
        #expect(try SeccompProgram.make(profile: "unconfined", capabilities: names).isEmpty)
        #expect(try SeccompProgram.make(profile: nil, capabilities: names.union(["CAP_SYS_ADMIN"])) != program)
    }

    @Test("a profile of the user's own, and nonsense")
    func profiles() throws {
        let profile = #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}"#
        #expect(try !SeccompProgram.make(profile: profile, capabilities: []).isEmpty)
        for text in ["{", "{}", #"{"defaultAction":"SCMP_ACT_DANCE"}"#] {
            let error = #expect(throws: EngineError.self) { try SeccompProgram.make(profile: text, capabilities: []) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
