import EngineErrors
import EngineModel
import Testing

@Suite("image references")
struct ReferenceTests {
    @Test(
        "names become what Docker makes of them",
        arguments: [
            ("busybox", "docker.io/library/busybox", "busybox"),
            ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
            ("user/app", "docker.io/user/app", "user/app"),
            ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
            ("index.docker.io/library/busybox:x", "docker.io/library/busybox:x", "busybox:x"),
            ("localhost/app", "localhost/app", "localhost/app"),
            ("localhost:5000/a/b:t", "localhost:5000/a/b:t", "localhost:5000/a/b:t"),
            ("registry.example.com/app", "registry.example.com/app", "registry.example.com/app"),
            ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
            ("a__b/c-d.e", "docker.io/a__b/c-d.e", "a__b/c-d.e"),
            ("abc---d", "docker.io/library/abc---d", "abc---d"),
        ])
    func normal(_ text: String, _ canonical: String, _ familiar: String) throws {
        let reference = try ImageReference(text)
        #expect(reference.description == canonical)
        #expect(reference.familiar == familiar)
    }

    @Test("a digest stays with its name")
    func digest() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let reference = try ImageReference("busybox:1@\(digest)")
        #expect(reference.tag == "1" && reference.digest == digest)
        #expect(reference.withDefaultTag.familiar == "busybox:1@\(digest)")
    }

    @Test("latest is the tag of a bare name")
    func latest() throws { #expect(try ImageReference("busybox").withDefaultTag.familiar == "busybox:latest") }

    @Test(
        "what is no reference is refused",
        arguments: [
            "", ":", "busybox:", "busybox:-x", "-busybox", "a//b", "a/", "/a", "a..b", "a_-b", "a___b", "busybox@", "busybox@sha256:abc",
            "a b", "ü", "host:port/x", "busybox:" + String(repeating: "t", count: 129), "ex..com:1/x", "busybox\n",
        ])
    func invalid(_ text: String) throws {
        let error = #expect(throws: EngineError.self) { try ImageReference(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "invalid reference format")
    }

    @Test("Docker's sentences for upper case, bare ids and long names")
    func sentences() throws {
        #expect(throws: EngineError.self) { try ImageReference("UPPER:x") }
        #expect(message("Foo") == "invalid reference format: repository name (library/Foo) must be lowercase")
        let hex = String(repeating: "a", count: 64)
        #expect(message(hex) == "invalid repository name (\(hex)), cannot specify 64-byte hexadecimal strings")
        #expect(message(String(repeating: "a", count: 300)) == "invalid reference format: repository name must not be more than 255 characters")
    }

    private func message(_ text: String) -> String? {
        do throws(EngineError) { _ = try ImageReference(text) } catch { return error.message }
        return nil
    }
}
