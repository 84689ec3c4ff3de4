package import CDriverABI

// The C form of the values that cross the boundary, both ways. `raw` is valid as long as its arena.

extension Mount {
    package init(_ raw: gantry_mount) {
        self.init(
            type: raw.type.string, source: raw.source.string, target: raw.target.string, options: raw.options.string,
            base: raw.base.string, flags: raw.flags)
    }

    package func raw(_ arena: Arena) -> gantry_mount {
        gantry_mount(
            type: arena.bytes(type), source: arena.bytes(source), target: arena.bytes(target), options: arena.bytes(options),
            base: arena.bytes(base), flags: flags)
    }
}

extension Snapshot {
    /// nil: a state of a later version.
    package init?(_ raw: gantry_snapshot) {
        guard let state = State(rawValue: raw.state) else { return nil }
        self.init(key: raw.key.string, parent: raw.parent.string, state: state, created: raw.created_ns)
    }

    package func raw(_ arena: Arena) -> gantry_snapshot {
        gantry_snapshot(key: arena.bytes(key), parent: arena.bytes(parent), state: state.rawValue, reserved: 0, created_ns: created)
    }
}

extension NetworkInterface {
    package init(_ raw: gantry_interface) {
        self.init(name: raw.name.string, hostName: raw.host_name.string, mac: raw.mac.string)
    }

    package func raw(_ arena: Arena) -> gantry_interface {
        gantry_interface(name: arena.bytes(name), host_name: arena.bytes(hostName), mac: arena.bytes(mac))
    }
}

extension NetworkObject {
    /// nil: a kind of a later version.
    package init?(_ raw: gantry_network_object) {
        guard let kind = Kind(rawValue: raw.type) else { return nil }
        self.init(id: raw.id.string, kind: kind, isWhole: raw.flags & UInt32(GANTRY_NETWORK_OBJECT_INCOMPLETE) == 0)
    }

    package func raw(_ arena: Arena) -> gantry_network_object {
        gantry_network_object(id: arena.bytes(id), type: kind.rawValue, flags: isWhole ? 0 : UInt32(GANTRY_NETWORK_OBJECT_INCOMPLETE))
    }
}

extension Volume {
    package init(_ raw: gantry_volume) {
        self.init(name: raw.name.string, mountpoint: raw.mountpoint.string, created: raw.created_ns)
    }

    package func raw(_ arena: Arena) -> gantry_volume {
        gantry_volume(name: arena.bytes(name), mountpoint: arena.bytes(mountpoint), created_ns: created)
    }
}

extension LogQuery {
    package init(_ raw: gantry_log_query) {
        self.init(
            from: LogCursor(epoch: raw.from.epoch, offset: raw.from.offset), since: raw.since_ns, until: raw.until_ns,
            tail: raw.tail < 0 ? nil : Int(raw.tail))
    }

    package var raw: gantry_log_query {
        var raw = gantry_log_query()
        raw.size = UInt32(MemoryLayout<gantry_log_query>.size)
        raw.from = gantry_log_cursor(epoch: from.epoch, offset: from.offset)
        raw.since_ns = since
        raw.until_ns = until
        raw.tail = Int64(tail ?? -1)
        return raw
    }
}

extension DriverOption {
    /// nil: a type of a later version.
    package init?(_ raw: gantry_option) {
        guard let kind = Kind(rawValue: raw.type) else { return nil }
        self.init(raw.name.string, kind, default: raw.default_value.string, raw.summary.string)
    }

    package func raw(_ arena: Arena) -> gantry_option {
        gantry_option(
            name: arena.bytes(name), default_value: arena.bytes(defaultValue), summary: arena.bytes(summary),
            type: kind.rawValue, reserved: 0)
    }
}

extension Usage {
    package var raw: gantry_usage { gantry_usage(bytes: bytes, inodes: inodes) }
    package init(_ raw: gantry_usage) { self.init(bytes: raw.bytes, inodes: raw.inodes) }
}
