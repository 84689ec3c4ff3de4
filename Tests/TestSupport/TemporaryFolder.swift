import Glibc

/// A new folder for one test, which removes it.
public func temporaryFolder() -> String {
    var template = Array("/var/tmp/gantry-test-XXXXXX".utf8CString)
    return String(cString: mkdtemp(&template))
}
