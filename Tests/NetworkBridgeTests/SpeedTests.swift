import DriverHost
import DriverKit
import Glibc
import Testing

@Suite(.enabled(if: geteuid() == 0), .serialized)
struct SpeedTests {
    @Test("join and leave together take less than 10 ms")
    func joinAndLeave() throws {
        let lab = try Lab()
        try lab.makeNetwork()
        let port = PublishedPort(hostAddress: "", hostPort: 8080, containerPort: 80, transport: .tcp)
        var times: [Int] = []
        for number in 2..<52 {
            let space = try Space()
            let start = now()
            try lab.join(number, ports: [port], space)
            try lab.leave(number)
            times.append(now() - start)
        }
        let median = times.sorted()[times.count / 2]
        print("join and leave: median \(median) µs, slowest \(times.max()!) µs")
        #expect(median < 10_000)
    }

    private func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
