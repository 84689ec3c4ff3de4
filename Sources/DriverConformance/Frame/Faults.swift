import CFaultPoints
import Glibc

/// Calls of the C library that fail, or kill the process, while a driver's call goes on in this thread.
enum Faults {
    enum Kind {
        /// The process dies in place of the call.
        case kill
        /// The call fails with EIO, those after it work.
        case brokenOnce
        /// It and all after it that need room fail with ENOSPC.
        case full
    }

    /// Runs `body` with the `place`th call (from 1) struck.
    /// - Returns: whether a call was struck.
    static func strike(_ kind: Kind, at place: Int, _ body: () throws -> Void) rethrows -> Bool {
        let what = kind == .kill ? GANTRY_FAULT_KILL : kind == .brokenOnce ? GANTRY_FAULT_ONCE : GANTRY_FAULT_FULL
        gantry_faults_arm(Int32(what), Int32(place), kind == .full ? ENOSPC : EIO)
        defer { gantry_faults_disarm() }
        try body()
        return gantry_faults_struck() != 0
    }

    /// How many calls `body` makes that could be struck.
    static func count(_ body: () throws -> Void) rethrows -> Int {
        gantry_faults_arm(Int32(GANTRY_FAULT_NONE), 0, 0)
        do { try body() } catch {
            gantry_faults_disarm()
            throw error
        }
        return Int(gantry_faults_disarm())
    }

    /// How often the kernel was asked to make something durable since the process began.
    static var syncs: Int { Int(gantry_faults_syncs()) }
}
