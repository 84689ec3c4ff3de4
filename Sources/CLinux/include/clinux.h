/* Syscalls, structs and constants that Glibc's Swift module hides. No policy. */
#ifndef GANTRY_CLINUX_H
#define GANTRY_CLINUX_H
/* GNU functions without _GNU_SOURCE: that macro would also rename members of structs (fd_set), and Swift refuses to see
 * one struct in two shapes, here and in its Glibc module. */
#include <features.h>
#ifndef __USE_GNU
#define __USE_GNU 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

static inline int gantry_openat2(int folder, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}
static inline int gantry_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int gantry_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
static inline dev_t gantry_makedev(unsigned major_number, unsigned minor_number) { return makedev(major_number, minor_number); }
static inline unsigned gantry_major(dev_t device) { return major(device); }
static inline unsigned gantry_minor(dev_t device) { return minor(device); }
/* The process can't be traced or read by others, and is called `name`. */
static inline int gantry_hide_process(const char *name) {
    prctl(PR_SET_NAME, name);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
/* posix_spawn_file_actions_addclosefrom_np(3). `actions`: a posix_spawn_file_actions_t, which stays Glibc's in Swift. */
int gantry_spawn_close_from(void *actions, int first);
static inline void gantry_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
/* The calling thread takes turns of 0.2 ms on the processor, for which it runs soon after it wakes, before those that use a
 * processor up (Linux 6.12; earlier ones ignore it). Threads and processes that it makes take the usual ones. Nothing
 * where its priority was raised, for they would lose that. */
void gantry_take_short_turns(void);
/* Unmaps the pages of our program and libraries that are as they are in the files. What is used again comes from the
 * kernel's cache. */
void gantry_unmap_files(void);
/* A program of `count` instructions that judges device accesses; its descriptor. */
static inline int gantry_bpf_load_device(const uint64_t *instructions, uint32_t count) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (uint64_t)(uintptr_t)"Apache";
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}
static inline int gantry_bpf_attach_device(int cgroup, int program) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (uint32_t)cgroup;
    attributes.attach_bpf_fd = (uint32_t)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes);
}
static inline int gantry_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
/* Bytes that a pipe has room for; -1: it is none. */
static inline int gantry_pipe_size(int fd) { return fcntl(fd, F_GETPIPE_SZ); }
static inline int gantry_set_winsize(int fd, unsigned short rows, unsigned short columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(fd, TIOCSWINSZ, &size);
}
/* renameat2 with RENAME_NOREPLACE. */
static inline int gantry_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 1u);
}
/* -- ioctls of file systems: 0, or -1 with errno. Their headers clash with sys/mount.h, so they are calls. -- */
/* `to` becomes a copy of `from` that shares its blocks. */
int gantry_clone_file(int to, int from);
/* A new subvolume, empty or a snapshot of the open subvolume `source`. */
int gantry_btrfs_create(int folder, const char *name);
int gantry_btrfs_snapshot(int folder, const char *name, int source);
int gantry_btrfs_destroy(int folder, const char *name);
int gantry_btrfs_set_read_only(int subvolume, int read_only);
/* Asks a btrfs to commit its transaction; returns when it has begun. */
int gantry_btrfs_start_commit(int file, unsigned long long *transaction);
int gantry_btrfs_wait_for_commit(int file, unsigned long long transaction);
#endif
