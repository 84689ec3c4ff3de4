import Glibc

/// Bytes over a unix socket, with a descriptor beside them.
public enum DescriptorPassing {
    // A cmsghdr (length, level, type) and one descriptor, as CMSG_LEN and CMSG_SPACE have it on a 64-bit machine.
    private typealias Control = (length: Int, level: Int32, type: Int32, descriptor: Int32, padding: Int32)

    /// sendmsg(2). - Parameter descriptor: borrowed; -1: none.
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) -> Int {
        var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        var control: Control = (20, SOL_SOCKET, Int32(SCM_RIGHTS), descriptor, 0)
        return withUnsafeMutablePointer(to: &part) { part in
            withUnsafeMutableBytes(of: &control) { control in
                var message = msghdr()
                message.msg_iov = part
                message.msg_iovlen = 1
                if descriptor >= 0 {
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                }
                return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// recvmsg(2). - Parameter descriptor: set when one came; close-on-exec, the caller's.
    public static func receive(_ socket: Int32, _ bytes: UnsafeMutableRawBufferPointer, _ descriptor: inout Int32) -> Int {
        var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        var control: Control = (0, 0, 0, -1, 0)
        let count = withUnsafeMutablePointer(to: &part) { part in
            withUnsafeMutableBytes(of: &control) { control in
                var message = msghdr()
                message.msg_iov = part
                message.msg_iovlen = 1
                message.msg_control = control.baseAddress
                message.msg_controllen = control.count
                return recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC))
            }
        }
        if count > 0, control.length == 20, control.type == Int32(SCM_RIGHTS) { descriptor = control.descriptor }
        return count
    }
}
