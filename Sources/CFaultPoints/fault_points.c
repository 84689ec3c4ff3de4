#define _GNU_SOURCE
#include "fault_points.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

static __thread struct { int what, place, error, seen, struck; } point;
static atomic_int syncs;

void gantry_faults_arm(int what, int place, int error) {
    point.seen = point.struck = 0;
    point.place = place;
    point.error = error;
    point.what = what;
    if (what == GANTRY_FAULT_NONE) point.place = 0, point.what = GANTRY_FAULT_ONCE;
}

int gantry_faults_disarm(void) {
    point.what = GANTRY_FAULT_NONE;
    return point.seen;
}

int gantry_faults_struck(void) { return point.struck; }
int gantry_faults_syncs(void) { return atomic_load(&syncs); }

/* Whether the call that is about to be made fails instead; errno is set then. */
static int strikes(int needs_room) {
    if (point.what == GANTRY_FAULT_NONE) return 0;
    if (point.what == GANTRY_FAULT_FULL && !needs_room) return 0;
    int place = ++point.seen;
    if (!point.place || place < point.place || (place > point.place && point.what != GANTRY_FAULT_FULL)) return 0;
    if (point.what == GANTRY_FAULT_KILL) kill(getpid(), SIGKILL);
    point.struck = 1;
    errno = point.error;
    return 1;
}

#define EXPORTED __attribute__((visibility("default")))
#define NEXT(NAME) \
    static __typeof__(&NAME) next; \
    if (!next) next = (__typeof__(&NAME))dlsym(RTLD_NEXT, #NAME)
#define POINT(TYPE, NAME, NEEDS_ROOM, PARAMETERS, ...) \
    EXPORTED TYPE NAME PARAMETERS { \
        NEXT(NAME); \
        return strikes(NEEDS_ROOM) ? (TYPE)-1 : next(__VA_ARGS__); \
    }
#define SYNC_POINT(NAME) \
    EXPORTED int NAME(int fd) { \
        NEXT(NAME); \
        atomic_fetch_add(&syncs, 1); \
        return strikes(0) ? -1 : next(fd); \
    }

POINT(ssize_t, write, 1, (int fd, const void *data, size_t size), fd, data, size)
POINT(ssize_t, pwrite, 1, (int fd, const void *data, size_t size, off_t at), fd, data, size, at)
POINT(ssize_t, pwrite64, 1, (int fd, const void *data, size_t size, off64_t at), fd, data, size, at)
POINT(ssize_t, writev, 1, (int fd, const struct iovec *data, int count), fd, data, count)
POINT(ssize_t, copy_file_range, 1, (int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags), from, a, to, b, size, flags)
POINT(int, mkdir, 1, (const char *path, mode_t mode), path, mode)
POINT(int, mkdirat, 1, (int folder, const char *path, mode_t mode), folder, path, mode)
POINT(int, mknod, 1, (const char *path, mode_t mode, dev_t device), path, mode, device)
POINT(int, mknodat, 1, (int folder, const char *path, mode_t mode, dev_t device), folder, path, mode, device)
POINT(int, symlink, 1, (const char *text, const char *path), text, path)
POINT(int, symlinkat, 1, (const char *text, int folder, const char *path), text, folder, path)
POINT(int, link, 1, (const char *from, const char *to), from, to)
POINT(int, linkat, 1, (int f, const char *from, int t, const char *to, int flags), f, from, t, to, flags)
POINT(int, setxattr, 1, (const char *path, const char *name, const void *value, size_t size, int flags), path, name, value, size, flags)
POINT(int, lsetxattr, 1, (const char *path, const char *name, const void *value, size_t size, int flags), path, name, value, size, flags)
POINT(int, fsetxattr, 1, (int fd, const char *name, const void *value, size_t size, int flags), fd, name, value, size, flags)
POINT(int, rename, 0, (const char *from, const char *to), from, to)
POINT(int, renameat, 0, (int f, const char *from, int t, const char *to), f, from, t, to)
POINT(int, renameat2, 0, (int f, const char *from, int t, const char *to, unsigned flags), f, from, t, to, flags)
POINT(int, ftruncate, 0, (int fd, off_t size), fd, size)
POINT(int, ftruncate64, 0, (int fd, off64_t size), fd, size)
POINT(int, truncate, 0, (const char *path, off_t size), path, size)
POINT(int, unlink, 0, (const char *path), path)
POINT(int, unlinkat, 0, (int folder, const char *path, int flags), folder, path, flags)
POINT(int, rmdir, 0, (const char *path), path)
POINT(int, chmod, 0, (const char *path, mode_t mode), path, mode)
POINT(int, fchmod, 0, (int fd, mode_t mode), fd, mode)
SYNC_POINT(fsync)
SYNC_POINT(fdatasync)
SYNC_POINT(syncfs)

/* Opening strikes where it makes a file. */
#define OPEN_POINT(NAME, PARAMETERS, ...) \
    EXPORTED int NAME PARAMETERS { \
        NEXT(NAME); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        return (flags & O_CREAT) && strikes(1) ? -1 : next(__VA_ARGS__); \
    }
OPEN_POINT(open, (const char *path, int flags, ...), path, flags, mode)
OPEN_POINT(open64, (const char *path, int flags, ...), path, flags, mode)
OPEN_POINT(openat, (int folder, const char *path, int flags, ...), folder, path, flags, mode)
OPEN_POINT(openat64, (int folder, const char *path, int flags, ...), folder, path, flags, mode)
