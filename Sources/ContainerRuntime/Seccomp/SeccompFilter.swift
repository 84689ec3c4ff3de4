import CLinux
import CSeccomp
import EngineErrors
import Glibc
import LinuxSystem

/// A filter in the making, through libseccomp.
struct SeccompFilter: ~Copyable {
    private let context: scmp_filter_ctx

    init(defaultAction: UInt32) throws(EngineError) {
        guard let context = seccomp_init(defaultAction) else {
            throw EngineError(.internal, "libseccomp can't begin a filter")
        }
        self.context = context
        // A binary tree: a system call costs a handful of comparisons instead of hundreds.
        seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0)
        #if arch(x86_64)
            // 32-bit programs run in containers as on the host.
            seccomp_arch_add(context, UInt32(SCMP_ARCH_X86))
            seccomp_arch_add(context, UInt32(SCMP_ARCH_X32))
        #endif
    }

    deinit { seccomp_release(context) }

    /// Names that this libseccomp or architecture does not have are left out: they keep the default action.
    func add(_ action: UInt32, _ name: String, _ conditions: [scmp_arg_cmp] = []) throws(EngineError) {
        let number = seccomp_syscall_resolve_name(name)
        guard number != __NR_SCMP_ERROR else { return }
        var list = conditions
        let code = seccomp_rule_add_array(context, action, number, UInt32(list.count), &list)
        // The same action as the default, or a call that only other architectures have.
        guard code == 0 || code == -EACCES || code == -EDOM || code == -EEXIST else {
            throw EngineError(.invalidArgument, "the seccomp rule for \(name) can't be added: \(String(cString: strerror(-code)))", errno: -code)
        }
    }

    /// The program, as `sock_filter[]`.
    func program() throws(EngineError) -> [UInt8] {
        do throws(Errno) {
            let file = OwnedFD(adopting: try Errno.check("memfd_create", memfd_create("seccomp", UInt32(MFD_CLOEXEC))))
            let code = seccomp_export_bpf(context, file.raw)
            if code != 0 { throw Errno(-code, "seccomp_export_bpf") }
            try Errno.check("lseek", lseek(file.raw, 0, SEEK_SET))
            return try Files.read(file, "the seccomp program")
        } catch {
            throw EngineError(.internal, "the seccomp filter can't be compiled: \(error)", errno: error.code)
        }
    }
}
