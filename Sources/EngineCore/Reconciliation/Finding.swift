/// Two things that should agree and don't.
public struct Finding: Sendable, Hashable {
    public enum Kind: String, Sendable {
        case container, image, layer, blob, folder, shim, cgroup, network, endpoint, address, volume, mount, exec, driver, file
    }

    public enum Repair: String, Sendable {
        /// It is ours, carries our mark, and has no owner.
        case remove
        /// It can be made again.
        case restore
        /// It happened, and the records do not say so yet.
        case record
        /// It can't be read: it is moved to the quarantine.
        case setAside = "set aside"
        /// It is not understood, or nothing can be done: it is left alone.
        case report
    }

    public var kind: Kind
    /// Its id, name or path.
    public var object: String
    /// What is wrong, and what to do where there is no repair.
    public var problem: String
    /// What a repair would do.
    public var repair: Repair
}

/// What a check found, and what became of it.
public struct CheckReport: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        /// Nothing was done.
        case left
        case repaired
        case failed(String)
    }

    public struct Entry: Sendable, Equatable {
        public var finding: Finding
        public var outcome: Outcome
    }

    /// What lies in the quarantine and waits for a person.
    public struct SetAside: Sendable, Equatable {
        /// A path, or "record container 1234…".
        public var object: String
        public var reason: String
        /// ns since 1970.
        public var time: Int64
    }

    public var entries: [Entry] = []
    public var setAside: [SetAside] = []
    /// Findings that are still there.
    public var left: Int { entries.count { $0.outcome != .repaired } }
}
