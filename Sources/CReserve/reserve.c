#define _GNU_SOURCE
#include "reserve.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* More than other threads can take in the moment while the limit is higher. */
enum { RESERVE = 256 };

/* As libdispatch asks for it; our own calls are O_CLOEXEC. */
static int is_threads_status(const char *path, int flags) {
    int end = 0;
    sscanf(path, "/proc/%*[0-9]/stat%n", &end);
    return flags == (O_RDONLY | O_NONBLOCK) && end > 0 && !path[end];
}

static int open_beyond_limit(const char *path, int flags) {
    struct rlimit own, more, found;
    if (getrlimit(RLIMIT_NOFILE, &own)) return -1;
    more.rlim_cur = own.rlim_cur + RESERVE;
    more.rlim_max = own.rlim_max > more.rlim_cur ? own.rlim_max : more.rlim_cur;
    if (prlimit(0, RLIMIT_NOFILE, &more, &own)) return -1;
    int fd = openat(AT_FDCWD, path, flags), error = errno;
    /* A limit that somebody else has set meanwhile stays. */
    if (!prlimit(0, RLIMIT_NOFILE, &own, &found) && memcmp(&found, &more, sizeof found)) setrlimit(RLIMIT_NOFILE, &found);
    errno = error;
    return fd;
}

int gantry_open(const char *path, int flags, mode_t mode) {
    int fd = openat(AT_FDCWD, path, flags, mode);
    if (fd >= 0 || errno != EMFILE || !is_threads_status(path, flags)) return fd;
    return open_beyond_limit(path, flags);
}

__attribute__((visibility("default"))) int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (__OPEN_NEEDS_MODE(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return gantry_open(path, flags, mode);
}
