import EngineErrors
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EngineDaemon

/// A folder for one test, removed with everything in it.
private final class Folder {
    let path: String
    init() {
        var template = Array("/tmp/engine-daemon-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }
    func write(_ name: String, _ text: String) {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
        close(descriptor)
    }
    func has(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
    deinit {
        for name in ["pid", "lock", "socket", "file"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

@Test("a pidfile of a live daemon is respected, that of a dead process or of another program is replaced, and ours goes with us")
func pidfile() throws {
    let folder = Folder()
    // A process by the name of this one.
    let name = String(decoding: try Files.read("/proc/self/comm").dropLast(), as: UTF8.self)
    #expect(symlink("/bin/sleep", "\(folder.path)/\(name)") == 0)
    defer { unlink("\(folder.path)/\(name)") }
    let daemon = Child(["\(folder.path)/\(name)", "100"])
    defer {
        daemon.signal(SIGKILL)
        _ = daemon.finish()
    }
    // Its name comes a moment after its program.
    for _ in 0..<1000 where (try? Files.read("/proc/\(daemon.pid)/comm")) != Array("\(name)\n".utf8) { usleep(10_000) }
    folder.write("pid", "\(daemon.pid)\n")
    let failure = #expect(throws: EngineError.self) { _ = try Pidfile("\(folder.path)/pid") }
    #expect(failure?.code == .conflict)
    #expect(failure?.message.hasSuffix("process with PID \(daemon.pid) is still running") == true)
    // The second is beyond the largest pid of Linux.
    for stale in ["1", "4194305"] {
        folder.write("pid", stale)
        let pidfile = try Pidfile("\(folder.path)/pid")
        #expect(folder.has("pid"))
        _ = consume pidfile
        #expect(!folder.has("pid"))
    }
    folder.write("pid", "what?")
    _ = try Pidfile("\(folder.path)/pid")
}

@Test("a folder has one daemon at a time")
func folderLock() throws {
    let folder = Folder()
    do {
        let lock = try FolderLock(folder.path, flag: "--data-root")
        let failure = #expect(throws: EngineError.self) { _ = try FolderLock(folder.path, flag: "--data-root") }
        #expect(failure?.code == .conflict)
        _ = consume lock
    }
    _ = try FolderLock(folder.path, flag: "--data-root")
}

@Test("a socket that nobody listens on is removed, a live one and a file are not")
func socketFile() throws {
    let folder = Folder()
    let path = "\(folder.path)/socket"
    try UnixSocketFile.prepare(path)
    let listener = bound(path)
    let failure = #expect(throws: EngineError.self) { try UnixSocketFile.prepare(path) }
    #expect(failure?.code == .conflict)
    #expect(folder.has("socket"))
    close(listener)
    try UnixSocketFile.prepare(path)
    #expect(!folder.has("socket"))
    folder.write("file", "precious")
    #expect(throws: EngineError.self) { try UnixSocketFile.prepare("\(folder.path)/file") }
    #expect(folder.has("file"))
}

private func bound(_ path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    listen(descriptor, 1)
    return descriptor
}

@Test("a group by name, by number, and one that does not exist")
func socketGroup() throws {
    #expect(try SocketGroup.id("root") == 0)
    #expect(try SocketGroup.id("12345") == 12345)
    let failure = #expect(throws: EngineError.self) { try SocketGroup.id("no-such-group") }
    #expect(failure?.message.contains("\"no-such-group\" does not exist") == true)
}

@Test("drivers are searched beside the executable only in a build folder")
func installedFiles() {
    let folder = Folder()
    #expect(!InstalledFiles(folder: folder.path).isBuildFolder)
    #expect(!InstalledFiles(folder: folder.path).driverFolders.contains(folder.path))
    #expect(InstalledFiles(folder: folder.path).executable("no-such-program") == nil)
}

@Test("sockets from the service manager: which can be served, and which are TCP's")
func inheritedSockets() {
    let folder = Folder()
    let unix = bound("\(folder.path)/socket")
    defer { close(unix) }
    #expect(InheritedSocket(descriptor: unix, name: "").isListening && InheritedSocket(descriptor: unix, name: "").internetAddress == nil)
    let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(tcp) }
    #expect(!InheritedSocket(descriptor: tcp, name: "").isListening && InheritedSocket(descriptor: tcp, name: "").internetAddress?.host == "0.0.0.0")
    #expect(!InheritedSocket(descriptor: -1, name: "").isListening && InheritedSocket(descriptor: -1, name: "").internetAddress == nil)
}
