import DriverHost
import DriverKit
import Glibc
import LinuxSystem
import Synchronization

extension LogSuite {
    private static func reading(_ name: String, _ demand: String, seconds: Int = 10, _ body: @escaping @Sendable (Bench) throws -> Void) -> Check {
        Check(name, demand, seconds: seconds) { bench in
            try bench.skip(unless: .read, "read lines back")
            try body(bench)
        }
    }

    static let tail = reading("log.tail", "the last n lines: none, some, all, more than there are; a line in parts counts once") { bench in
        let log = try LogBench(bench)
        var lines = (0..<3000).map { Line(number: $0, filling: $0 % 90) }
        try log.write(lines)
        for count in [0, 1, 2, 10, 999, 2999, 3000, 9999] {
            try Lines.same(try log.texts(LogQuery(tail: count), "read the last \(count) lines"), lines.suffix(count).map(\.bytes), "the last \(count) lines")
        }
        let parts = [Line([1 + 64], isPartial: true), Line([2 + 64], isPartial: true), Line([3 + 64]), Line(number: 4000)]
        try log.write(parts)
        lines += parts
        // Whether parts are kept is another check's subject.
        guard try log.read().suffix(4).map(\.line.isPartial) == [true, true, false, false] else { return }
        try Lines.same(try log.texts(LogQuery(tail: 1), "read the last line"), lines.suffix(1).map(\.bytes), "the last line")
        try Lines.same(try log.texts(LogQuery(tail: 2), "read the last 2 lines, one in three parts"), lines.suffix(4).map(\.bytes), "the last 2 lines, one of them in three parts")
    }

    static let sinceUntil = reading("log.since-and-until", "only lines whose time is in the wanted range, both ends included, also together with a tail") { bench in
        let log = try LogBench(bench)
        let lines = (0..<500).map { Line(number: $0) }
        try log.write(lines)
        let second: Int64 = 1_000_000_000
        for (first, last) in [(0, 499), (100, 499), (0, 250), (100, 110), (77, 77), (499, 499)] {
            let since = first == 0 ? 0 : Line.epoch + Int64(first) * second, until = last == 499 ? 0 : Line.epoch + Int64(last) * second
            let words = "lines \(first) to \(last) by their time"
            try Lines.same(try log.texts(LogQuery(since: since, until: until), "read \(words)"), lines[first...last].map(\.bytes), words)
        }
        let query = LogQuery(since: Line.epoch + 100 * second, until: Line.epoch + 200 * second, tail: 5)
        try Lines.same(try log.texts(query, "read the last 5 of lines 100 to 200"), lines[196...200].map(\.bytes), "the last 5 of lines 100 to 200")
        try Lines.same(try log.texts(LogQuery(since: Line.epoch + 5000 * second), "read lines after the last"), [], "lines after the last")
    }

    static let cursor = reading("log.cursor-goes-on", "reading from a line's cursor gives the lines after it, and what was written since") { bench in
        let log = try LogBench(bench)
        let lines = (0..<400).map { Line(number: $0) }
        try log.write(Array(lines[..<300]))
        let first = try log.read()
        try Lines.same(first.map(\.line.bytes), lines[..<300].map(\.bytes), "lines")
        for place in [0, 1, 150, 298, 299] {
            let rest = try log.texts(LogQuery(from: first[place].next), "read from the cursor of line \(place)")
            try Lines.same(rest, lines[(place + 1)..<300].map(\.bytes), "after the cursor of line \(place)")
        }
        try log.write(Array(lines[300...]))
        try Lines.same(try log.texts(LogQuery(from: first[299].next), "follow the last cursor"), lines[300...].map(\.bytes), "what was written after the last cursor")
        try Lines.same(try log.texts(LogQuery(from: first[10].next, tail: 3), "read the last 3 lines from a cursor"), lines.suffix(3).map(\.bytes), "the last 3 lines from a cursor")
    }

    static let readerStops = reading("log.reader-may-stop", "when the reader has enough, the call returns without an error and gives no more") { bench in
        let log = try LogBench(bench)
        try log.write((0..<5000).map { Line(number: $0) })
        let reader = try log.open(readOnly: true)
        bench.step("read, stopped after the first batch")
        var batches = 0
        try reader.read(LogQuery()) { _ in
            batches += 1
            return false
        }
        try demandEqual(batches, 1, "batches after the reader said that it has enough")
        bench.step("read again")
        try demandEqual(try reader.lines().count, 5000, "lines of the next reading")
        bench.close(reader)
    }

    static let concurrentReader = reading("log.reader-beside-writer", "a reader that follows while lines are written gets each once, in order, none in part", seconds: 15) { bench in
        let log = try LogBench(bench)
        let writer = try log.open(), reader = try log.open(readOnly: true)
        let count = 4000
        let isDone = Atomic(false)
        bench.step("write and read at the same time")
        try Parallel.run(2) { index in
            if index == 0 {
                defer { isDone.store(true, ordering: .sequentiallyConsistent) }
                for start in stride(from: 0, to: count, by: 20) { try writer.put((start..<start + 20).map { Line(number: $0, filling: 200) }[...]) }
                try writer.flush()
                return
            }
            var cursor = LogCursor.start, next = 0
            while true {
                let isLast = isDone.load(ordering: .sequentiallyConsistent)
                for (line, place) in try reader.lines(LogQuery(from: cursor)) {
                    let wanted = Line(number: next, filling: 200).bytes
                    try demand(line.bytes == wanted, "the reader got \(Lines.show(line.bytes)) where \(Lines.show(wanted)) was next")
                    next += 1
                    cursor = place
                }
                if isLast { break }
            }
            try demandEqual(next, count, "lines that the reader got")
        }
        bench.close(reader)
        bench.close(writer)
    }

    static let rotation = reading(
        "log.rotation-loses-nothing", "with max-size and max-file the newest lines are kept without a gap, a following reader misses none, and the log stays small", seconds: 15
    ) { bench in
        let declared = Dictionary(bench.driver.options.map { ($0.name, $0.kind) }) { $1 }
        try skip(unless: declared["max-size"] == .size && declared["max-file"] == .integer, "the driver does not declare the options max-size and max-file")
        let log = try LogBench(bench, options: ["max-size": "100k", "max-file": "3"])
        let lines = (0..<4000).map { Line(number: $0, filling: 80 + ($0 * 7) % 60) }
        let writer = try log.open()
        var cursor = LogCursor.start
        for start in stride(from: 0, to: lines.count, by: 40) {
            let batch = lines[start..<min(start + 40, lines.count)]
            try writer.write(Array(batch), batch: 7, bench)
            let found = try log.read(LogQuery(from: cursor), "follow")
            try Lines.same(found.map(\.line.bytes), batch.map(\.bytes), "lines from \(start) on, followed")
            cursor = found.last?.next ?? cursor
        }
        bench.close(writer)
        let kept = try log.texts()
        try demand(kept.count >= 400, "two full files of 100 kB hold more than the \(kept.count) lines that are left")
        try Lines.same(kept, lines.suffix(kept.count).map(\.bytes), "the newest lines")
        let size = try Folder.bytes(log.state)
        try demand(size <= 600_000, "three files of 100 kB take \(size) bytes")
    }

    static let remove = Check("log.remove-leaves-nothing", "remove deletes what is stored; afterwards the log is empty") { bench in
        let log = try LogBench(bench)
        try log.write((0..<100).map { Line(number: $0) })
        let instance = try log.open()
        bench.step("remove")
        try instance.remove()
        bench.close(instance)
        let left = try Folder.files(log.state)
        try demand(left.isEmpty, "files are left: \(left.prefix(5))")
        if bench.driver.capabilities.contains(.read) {
            let again = try log.open()
            bench.close(again)
            try Lines.same(try log.texts(), [], "a removed log")
        }
    }
}
