import EngineWire

/// "--ulimit nofile=1024:2048".
enum Ulimit {
    static let names: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
        "sigpending", "stack",
    ]

    static func parse(_ text: String) throws(Refusal) -> JSONValue {
        let pair = Pairs.split(text)
        let flag = "invalid argument \"\(text)\" for \"--ulimit\" flag: "
        guard text.contains("=") else { throw Refusal("\(flag)invalid ulimit argument: \(text)") }
        guard names.contains(pair.key) else { throw Refusal("\(flag)invalid ulimit type: \(pair.key)") }
        let numbers = pair.value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard numbers.count <= 2 else { throw Refusal("\(flag)too many limit value arguments - \(pair.value), can only have up to two, `soft[:hard]`") }
        var values: [Int64] = []
        for number in numbers {
            guard let value = Int64(number) else { throw Refusal("\(flag)strconv.ParseInt: parsing \"\(number)\": invalid syntax") }
            values.append(value)
        }
        let hard = values[values.count - 1]
        if hard != -1, values[0] > hard || values[0] == -1 {
            throw Refusal("\(flag)ulimit soft limit must be less than or equal to hard limit: \(values[0]) > \(hard)")
        }
        return ["Name": .string(pair.key), "Hard": .integer(hard), "Soft": .integer(values[0])]
    }
}

/// "--restart on-failure:3".
enum RestartFlag {
    static func parse(_ text: String) throws(Refusal) -> JSONValue {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let name = parts.first ?? ""
        if parts.count > 1, name.isEmpty { throw Refusal("invalid restart policy format: no policy provided before colon") }
        guard parts.count <= 2 else { throw Refusal("invalid restart policy format: maximum retry count must be an integer") }
        var count: Int64 = 0
        if parts.count == 2 {
            guard let number = Int64(parts[1]) else { throw Refusal("invalid restart policy format: maximum retry count must be an integer") }
            count = number
        }
        return ["Name": .string(name), "MaximumRetryCount": .integer(count)]
    }
}

/// "--device /dev/a[:/dev/b][:rwm]".
enum DeviceFlag {
    static func parse(_ text: String) throws(Refusal) -> JSONValue {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts[0].isEmpty else { throw Refusal("invalid device specification: \(text)") }
        var permissions = "rwm"
        if parts.count > 1, let last = parts.last, !last.isEmpty, Set(last).isSubset(of: "rwm"), Set(last).count == last.count {
            permissions = last
            parts.removeLast()
        } else if parts.count == 3 {
            throw Refusal("invalid device specification: \(text)")
        }
        return [
            "PathOnHost": .string(parts[0]), "PathInContainer": .string(parts.count > 1 ? parts[1] : parts[0]),
            "CgroupPermissions": .string(permissions),
        ]
    }
}

/// "--detach-keys ctrl-p,ctrl-q" as bytes.
enum DetachKeys {
    static let standard: [UInt8] = [16, 17]

    static func parse(_ text: String) throws(Refusal) -> [UInt8] {
        if text.isEmpty { return standard }
        var out: [UInt8] = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bytes = Array(key.utf8)
            if bytes.count == 1 {
                out += bytes
            } else if key.hasPrefix("ctrl-"), bytes.count == 6, let code = control(bytes[5]) {
                out.append(code)
            } else {
                throw Refusal("invalid detach keys (\(text)): Unknown character: '\(key)'")
            }
        }
        return out
    }

    private static func control(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 1
        case UInt8(ascii: "@"): 0
        case UInt8(ascii: "[")...UInt8(ascii: "_"): byte - 0x40
        default: nil
        }
    }
}
