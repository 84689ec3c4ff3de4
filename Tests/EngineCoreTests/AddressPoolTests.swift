import EngineModel
import Testing

struct AddressPoolTests {
    private func pool(_ cidr: String, gateway: String? = nil) -> AddressPool {
        AddressPool(IPv4Subnet(cidr)!, gateway: gateway.flatMap { IPv4Address($0) })
    }

    @Test("leases begin after the gateway and never give out the network's and the broadcast address")
    func order() {
        var pool = pool("10.0.0.0/29", gateway: "10.0.0.1")
        let leased = (0..<6).map { _ in pool.lease()?.description }
        #expect(leased == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", nil])
    }

    @Test("an address that was given back rests until the others were used")
    func rest() {
        var pool = pool("10.0.0.0/29", gateway: "10.0.0.1")
        let first = pool.lease()!
        pool.release(first)
        let next = pool.lease()
        #expect(next?.description == "10.0.0.3")
        let rest = (0..<4).map { _ in pool.lease()?.description }
        #expect(rest == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"])
    }

    @Test("a reserved address is not leased, and can't be reserved twice")
    func reserve() {
        var pool = pool("10.0.0.0/29", gateway: "10.0.0.1")
        let answers = ["10.0.0.2", "10.0.0.2"].map { pool.reserve(IPv4Address($0)!) }
        #expect(answers == [true, false])
        let leased = pool.lease()
        #expect(leased?.description == "10.0.0.3")
        let again = pool.reserve(leased!)
        #expect(!again)
    }

    @Test("gateway, network, broadcast and foreign addresses can't be reserved", arguments: ["10.0.0.1", "10.0.0.0", "10.0.0.7", "10.0.1.2"])
    func refusals(address: String) {
        var pool = pool("10.0.0.0/29", gateway: "10.0.0.1")
        let answer = pool.reserve(IPv4Address(address)!)
        #expect(!answer)
    }

    @Test("a gateway in the middle is left out")
    func middle() {
        var pool = pool("10.0.0.0/30", gateway: "10.0.0.2")
        let rest = (0..<2).map { _ in pool.lease()?.description }
        #expect(rest == ["10.0.0.1", nil])
    }

    @Test("the whole of 0.0.0.0/0 is no trap")
    func everything() {
        var pool = pool("0.0.0.0/0")
        let lowest = pool.lease(), highest = pool.reserve(IPv4Address("255.255.255.254")!)
        #expect(lowest?.description == "0.0.0.1")
        #expect(highest)
    }

    @Test("texts that are no subnet", arguments: ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.256/8", "010.0.0.1/8", "::/0", "10.0.0.0/-1", ""])
    func texts(text: String) { #expect(IPv4Subnet(text) == nil) }

    @Test("subnets overlap when one holds the other")
    func overlap() {
        #expect(IPv4Subnet("172.16.0.0/12")!.overlaps(IPv4Subnet("172.18.0.0/16")!))
        #expect(IPv4Subnet("172.18.5.0/24")!.overlaps(IPv4Subnet("172.18.0.0/16")!))
        #expect(!IPv4Subnet("172.17.0.0/16")!.overlaps(IPv4Subnet("172.18.0.0/16")!))
    }

    @Test("a free subnet avoids what is taken, and ends when all is")
    func choice() {
        #expect(IPv4Subnet.free(avoiding: [])?.description == "172.18.0.0/16")
        #expect(IPv4Subnet.free(avoiding: [IPv4Subnet("172.18.3.0/24")!, IPv4Subnet("172.19.0.0/16")!])?.description == "172.20.0.0/16")
        #expect(IPv4Subnet.free(avoiding: [IPv4Subnet("172.16.0.0/12")!])?.description == "192.168.0.0/20")
        #expect(IPv4Subnet.free(avoiding: [IPv4Subnet("0.0.0.0/0")!]) == nil)
    }
}
