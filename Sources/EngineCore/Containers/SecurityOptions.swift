import EngineErrors
import EngineModel

/// `--security-opt`: "no-new-privileges", "seccomp=unconfined" or a profile's JSON, "apparmor=…", "label=…".
struct SecurityOptions: Sendable, Equatable {
    var noNewPrivileges = false
    /// nil: the default profile; "unconfined"; else the profile's text.
    var seccomp: String?
    var unmasksPaths = false

    init(_ options: [String]) throws(EngineError) {
        for option in options {
            let sign = option.firstIndex { $0 == "=" || $0 == ":" }
            let key = sign.map { String(option[..<$0]) } ?? option
            let value = sign.map { String(option[option.index(after: $0)...]) }
            switch (key, value) {
            case ("no-new-privileges", nil), ("no-new-privileges", "true"): noNewPrivileges = true
            case ("no-new-privileges", "false"): noNewPrivileges = false
            case ("seccomp", .some(let profile)): seccomp = profile == "builtin" ? nil : profile
            case ("systempaths", "unconfined"): unmasksPaths = true
            // Neither is in this engine's kernels; asking for no confinement is granted.
            case ("apparmor", "unconfined"), ("label", "disable"), ("apparmor", ""): break
            case ("apparmor", .some(let profile)):
                throw EngineError(.invalidArgument, "the AppArmor profile \"\(profile)\" can't be applied: AppArmor is not enabled on this host")
            case ("label", .some): throw EngineError(.invalidArgument, "\(option) can't be applied: SELinux is not enabled on this host")
            default: throw EngineError(.invalidArgument, "invalid --security-opt: \"\(option)\"")
            }
        }
    }
}
