import Glibc
import Synchronization

/// The terminal of this process. What `makeRaw` changed is put back by `restore`, which every way out calls.
enum Terminal {
    private static let saved = Mutex<termios?>(nil)

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Keys come as they are pressed, and Ctrl-C is a byte.
    static func makeRaw() {
        var state = termios()
        guard tcgetattr(STDIN_FILENO, &state) == 0 else { return }
        saved.withLock { $0 = state }
        cfmakeraw(&state)
        tcsetattr(STDIN_FILENO, TCSANOW, &state)
    }

    static func restore() {
        saved.withLock { saved in
            guard var state = saved else { return }
            tcsetattr(STDIN_FILENO, TCSADRAIN, &state)
            saved = nil
        }
    }

    /// Rows and columns; nil where there is no terminal.
    static func size() -> (rows: Int, columns: Int)? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
