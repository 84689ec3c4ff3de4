import Glibc
import LinuxNetlink
import LinuxSystem
import Testing
import TestSupport

@Suite(.enabled(if: geteuid() == 0))
struct NetfilterSocketTests {
    private let table = "gantry_unit"

    private func inNamespace(_ body: (inout NetfilterSocket) throws -> Void) throws {
        let space = try NetworkNamespace.create()
        try NetworkNamespace.enter(space.raw) {
            var filter = try NetfilterSocket()
            try body(&filter)
        }
    }

    private func listing() -> String { Command.run(["nft", "list", "ruleset"]).output }

    private let map = ElementSet("ports", key: [.transport, .port], value: [.address, .port])
    private let element = SetElement(key: [6, 0, 0, 0, 0x1f, 0x90, 0, 0], value: [10, 0, 0, 2, 0, 80, 0, 0], comment: "endpoint")

    @Test("nft reads what was written as it was meant")
    func readable() throws {
        try inNamespace { filter in
            let rule: [Expression] = [
                .networkHeader(offset: 9, length: 1, Register(0)), .transportHeader(offset: 2, length: 2, Register(1)),
                .look(Register(0), map: "ports", into: Register(8)), .destinationNAT(address: Register(8), port: Register(9)),
            ]
            let chain = Chain("pre", .nat, .prerouting, priority: -100, rules: [rule])
            try filter.perform([.addTable, .addSet(map), .addChain(chain), .addRules(chain), .addElement(element, set: "ports")], table: table)
            let text = listing()
            #expect(text.contains("type nat hook prerouting priority dstnat; policy accept;"))
            #expect(text.contains("dnat ip to meta l4proto . th dport map @ports") || text.contains("dnat ip to ip protocol . th dport map @ports"))
            #expect(text.contains("tcp . 8080 comment \"endpoint\" : 10.0.0.2 . 80"))
        }
    }

    @Test("elements are read back with value, comment and range ends")
    func elements() throws {
        try inNamespace { filter in
            let ranges = ElementSet("ranges", key: [.address], isInterval: true)
            let range = SetElement.range(InterfaceAddress("10.0.0.0/24")!, comment: "net")
            try filter.perform([.addTable, .addSet(map), .addSet(ranges), .addElement(element, set: "ports")] + range.map { .addElement($0, set: "ranges") }, table: table)
            let ports = try filter.elements(of: "ports", table: table)
            #expect(ports == [element])
            let found = try filter.elements(of: "ranges", table: table)
            #expect(range.allSatisfy { found.contains($0) })
            #expect(listing().contains("10.0.0.0/24"))
            let missing = try filter.elements(of: "nosuch", table: table) + filter.elements(of: "ports", table: "nosuch")
            #expect(missing.isEmpty)
        }
    }

    @Test("a transaction is carried out as a whole or not at all")
    func atomic() throws {
        try inNamespace { filter in
            let error = #expect(throws: Errno.self) {
                try filter.perform([.addTable, .addSet(map), .deleteElement(element, set: "ports")], table: table)
            }
            #expect(error?.code == ENOENT)
            #expect(error?.action.hasPrefix("delete from the set ports") == true)
            let tables = try filter.tables()
            #expect(tables.isEmpty)
        }
    }

    @Test("adding again is fine, another value for a key is not")
    func again() throws {
        try inNamespace { filter in
            try filter.perform([.addTable, .addSet(map), .addElement(element, set: "ports")], table: table)
            try filter.perform([.addTable, .addSet(map), .addElement(element, set: "ports")], table: table)
            var other = element
            other.value[3] = 3
            #expect(throws: Errno(EEXIST, "add to the set ports (nftables table gantry_unit)")) { try filter.perform([.addElement(other, set: "ports")], table: table) }
            try filter.perform([.deleteElement(element, set: "ports")], table: table)
            let left = try filter.elements(of: "ports", table: table)
            #expect(left.isEmpty)
        }
    }

    @Test("ten thousand elements in one transaction")
    func many() throws {
        try inNamespace { filter in
            let elements = (1...10000).map { number in
                SetElement(key: [6, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255), 0, 0], value: element.value, comment: String(repeating: "e", count: 64))
            }
            try filter.perform([.addTable, .addSet(map)] + elements.map { .addElement($0, set: "ports") }, table: table)
            let count = try filter.elements(of: "ports", table: table).count
            #expect(count == 10000)
        }
    }

    @Test("tables and chains are listed, rules can be replaced, a deleted table is gone")
    func lists() throws {
        try inNamespace { filter in
            let chain = Chain("mine", rules: [[.accept]])
            try filter.perform([.addTable, .addChain(chain), .addRules(chain)], table: table)
            try filter.perform([.addChain(chain), .deleteRules, .addRules(Chain("mine", rules: [[.drop]]))], table: table)
            let names = try filter.tables() + filter.chains(table: table)
            #expect(names == [table, "mine"])
            #expect(listing().contains("drop") && !listing().contains("accept"))
            try filter.perform([.deleteTable], table: table)
            let tables = try filter.tables()
            #expect(tables.isEmpty)
        }
    }
}
