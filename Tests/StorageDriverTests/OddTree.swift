import CLinux
import Glibc
import LinuxSystem
import Testing

/// One of every kind of entry, with every kind of attribute.
enum OddTree {
    @Sendable static func make(_ root: String) throws {
        shell(
            """
            cd '\(root)'; umask 0
            mkdir -p a/b/c locked empty; echo one >a/one; ln a/one a/b/same; ln a/one same-again
            echo 'other' >a/other; ln -s one a/link; ln -s /nowhere dangling; ln -s a/b/c folder-link
            mkfifo fifo; mknod device c 5 1; mknod block b 7 99
            python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
            cp /bin/true suid; chown 7:8 suid; chmod 6751 suid; chmod 000 locked; chmod 1777 empty
            chown -h 1000:1001 a/link; chown 12:13 a/b device fifo; chmod 640 device
            truncate -s 50M sparse; echo middle | dd of=sparse bs=1 seek=20000000 conv=notrunc status=none
            truncate -s 10M hole-only; printf '' >nothing; : >'name with
            newline'
            touch -d '2001-02-03 04:05:06.789012345' a/one a/other nothing fifo; touch -h -d '1999-01-01 00:00:00.5' a/link dangling
            touch -d '1980-01-01 00:00:00' a/b/c a
            """)
        try attribute("\(root)/a/other", "user.note", "value")
        try attribute("\(root)/a/other", "user.empty", "")
        try attribute("\(root)/a/b", "trusted.secret", "yes")
        try attribute("\(root)/dangling", "trusted.link", "of the link")
        try attribute("\(root)/device", "trusted.node", "of the device")
        // cap_net_raw+ep
        try attribute("\(root)/suid", "security.capability", [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    static func attribute(_ path: String, _ name: String, _ value: String) throws { try attribute(path, name, Array(value.utf8)) }

    static func attribute(_ path: String, _ name: String, _ value: [UInt8]) throws {
        try Errno.check("set \(name) of \(path)", lsetxattr(path, name, value, value.count, 0))
    }
}
