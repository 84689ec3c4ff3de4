import CLinux
import Glibc

/// A thread's whole life: waiting for what is ready.
enum EpollLoop {
    static func run(_ epoll: Int32, _ ready: (epoll_event) -> Void) -> Never {
        // No array: of one, an optimised build leaves a copy behind at each turn of a loop that never ends.
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 64)
        while true {
            let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), -1)
            guard count > 0 else { continue }
            for event in events[..<Int(count)] { ready(event) }
        }
    }
}
