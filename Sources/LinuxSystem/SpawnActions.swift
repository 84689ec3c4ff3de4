import CLinux
public import Glibc

/// What Glibc's module hides of posix_spawn.
public enum SpawnActions {
    /// The child has no descriptor from `first` on, close-on-exec or not.
    public static func closeFrom(_ first: Int32, _ actions: inout posix_spawn_file_actions_t) { _ = gantry_spawn_close_from(&actions, first) }
}
