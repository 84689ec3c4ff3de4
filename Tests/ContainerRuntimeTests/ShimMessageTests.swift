import ShimProtocol
import Testing

@Suite("the shim's protocol")
struct ShimMessageTests {
    private var message: Message {
        var inner = Fields(), fields = Fields()
        inner.add(.path, "/dev/null")
        fields.add(.argument, ["sh", "", "ü"])
        fields.add(.pid, Int64(-5))
        fields.add(.terminal, true)
        fields.add(.device, inner)
        return Message(.create, sequence: 7, fields)
    }

    @Test("a message comes back, in whatever pieces it arrives")
    func roundTrip() throws {
        var decoder = MessageDecoder(), found: [Message] = []
        for byte in message.encoded() + message.encoded() {
            decoder.feed([byte])
            if let message = try decoder.next() { found.append(message) }
        }
        #expect(found.count == 2)
        let fields = try #require(found.first).fields
        #expect(found[0].kind == .create && found[0].sequence == 7)
        #expect(fields.strings(.argument) == ["sh", "", "ü"])
        #expect(fields.number(.pid) == -5 && fields.flag(.terminal) && !fields.flag(.openInput))
        #expect(fields.groups(.device).map { $0.string(.path) } == ["/dev/null"])
    }

    @Test("bytes of version 1 stay readable")
    func recorded() throws {
        // `exited` of process "e1" with status 3, as the first version wrote it.
        let bytes: [UInt8] =
            [26, 0, 0, 0, 69, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x65, 0x31, 4, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
        var decoder = MessageDecoder()
        decoder.feed(bytes)
        let message = try #require(try decoder.next())
        #expect(message.kind == .exited && message.fields.string(.process) == "e1" && message.fields.number(.code) == 3)
    }

    @Test("unknown tags are skipped, lies about lengths are no crash")
    func damaged() throws {
        var decoder = MessageDecoder()
        decoder.feed([9, 0, 0, 0, 69, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0, 5])
        #expect(try decoder.next()?.fields.string(.process) == "")
        var liar = MessageDecoder()
        liar.feed([0xff, 0xff, 0xff, 0xff, 69, 0, 1, 0, 0, 0, 0, 0])
        #expect(throws: MessageDecoder.Failure.self) { try liar.next() }
        var short = MessageDecoder()
        short.feed([8, 0, 0, 0, 69, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0, 0, 0])
        #expect(try short.next()?.fields.strings(.process) == [])
    }
}
