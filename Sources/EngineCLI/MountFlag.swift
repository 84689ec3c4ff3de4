import EngineWire

/// "--mount type=bind,source=/a,target=/b,readonly".
enum MountFlag {
    static func parse(_ text: String, folder: String = VolumeFlag.currentFolder()) throws(Refusal) -> JSONValue {
        var mount: JSONValue = ["Type": "volume"]
        for field in CSV.fields(text) {
            let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            try set(pair[0].lowercased(), pair.count > 1 ? pair[1] : nil, field, &mount, folder)
        }
        return try checked(mount, text)
    }

    private static func set(_ key: String, _ given: String?, _ field: String, _ mount: inout JSONValue, _ folder: String) throws(Refusal) {
        if given == nil, !["readonly", "ro", "volume-nocopy", "bind-nonrecursive", "bind-create-src"].contains(key) {
            throw Refusal("invalid field '\(field)' must be a key=value pair")
        }
        let value = given ?? "true"
        switch key {
        case "type": mount["Type"] = .string(value.lowercased())
        case "source", "src": mount["Source"] = .string(VolumeFlag.absolute(value, folder))
        case "target", "dst", "destination": mount["Target"] = .string(value)
        case "readonly", "ro": mount["ReadOnly"] = .bool(try truth(key, value))
        case "consistency": mount["Consistency"] = .string(value.lowercased())
        case "bind-propagation": mount["BindOptions"] = with(mount["BindOptions"], "Propagation", .string(value.lowercased()))
        case "bind-nonrecursive": mount["BindOptions"] = with(mount["BindOptions"], "NonRecursive", .bool(try truth(key, value)))
        case "bind-create-src": mount["BindOptions"] = with(mount["BindOptions"], "CreateMountpoint", .bool(try truth(key, value)))
        case "bind-recursive":
            if value == "disabled" { mount["BindOptions"] = with(mount["BindOptions"], "NonRecursive", true) }
        case "volume-nocopy": mount["VolumeOptions"] = with(mount["VolumeOptions"], "NoCopy", .bool(try truth(key, value)))
        case "volume-subpath": mount["VolumeOptions"] = with(mount["VolumeOptions"], "Subpath", .string(value))
        case "volume-label": add(value, to: "Labels", &mount)
        case "volume-driver": driver(&mount, "Name", .string(value))
        case "volume-opt":
            let pair = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let options = with(mount["VolumeOptions"]["DriverConfig"]["Options"], pair[0], .string(pair.count > 1 ? pair[1] : ""))
            driver(&mount, "Options", options)
        case "tmpfs-size":
            guard let size = Sizes.bytes(value) else { throw Refusal("invalid value for \(key): \(value)") }
            mount["TmpfsOptions"] = with(mount["TmpfsOptions"], "SizeBytes", .integer(size))
        case "tmpfs-mode":
            guard let mode = Int64(value, radix: 8) else { throw Refusal("invalid value for \(key): \(value)") }
            mount["TmpfsOptions"] = with(mount["TmpfsOptions"], "Mode", .integer(mode))
        default: throw Refusal("unknown option '\(key)' in '\(field)'")
        }
    }

    private static func driver(_ mount: inout JSONValue, _ key: String, _ value: JSONValue) {
        let config = with(mount["VolumeOptions"]["DriverConfig"], key, value)
        mount["VolumeOptions"] = with(mount["VolumeOptions"], "DriverConfig", config)
    }

    private static func add(_ text: String, to key: String, _ mount: inout JSONValue) {
        let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let labels = with(mount["VolumeOptions"][key], pair[0], .string(pair.count > 1 ? pair[1] : ""))
        mount["VolumeOptions"] = with(mount["VolumeOptions"], key, labels)
    }

    private static func with(_ object: JSONValue, _ key: String, _ value: JSONValue) -> JSONValue {
        var object = object.isNull ? [:] : object
        object[key] = value
        return object
    }

    private static func truth(_ key: String, _ value: String) throws(Refusal) -> Bool {
        guard let truth = FlagValues.truth(value) else { throw Refusal("invalid value for \(key): \(value)") }
        return truth
    }

    private static func checked(_ mount: JSONValue, _ text: String) throws(Refusal) -> JSONValue {
        let type = mount["Type"].string
        guard !mount["Target"].string.isEmpty else { throw Refusal("target is required") }
        if type != "bind", !mount["BindOptions"].isNull { throw Refusal("cannot mix 'bind-*' options with mount type '\(type)'") }
        if type != "volume", !mount["VolumeOptions"].isNull { throw Refusal("cannot mix 'volume-*' options with mount type '\(type)'") }
        if type != "tmpfs", !mount["TmpfsOptions"].isNull { throw Refusal("cannot mix 'tmpfs-*' options with mount type '\(type)'") }
        return mount
    }
}

/// One record of RFC 4180.
enum CSV {
    static func fields(_ text: String) -> [String] {
        var fields = [""], isQuoted = false
        for character in text {
            if character == "\"" {
                isQuoted.toggle()
            } else if character == ",", !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return fields
    }
}
