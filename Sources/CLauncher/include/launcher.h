/* What runs between clone and exec. Async-signal-safe C only: the caller is single-threaded, the child is its copy. */
#ifndef GANTRY_LAUNCHER_H
#define GANTRY_LAUNCHER_H
#include "clinux.h"
#include <stddef.h>
#include <stdint.h>


/* Where a launch failed; `gantry_report.stage`. */
enum gantry_stage {
    GANTRY_STAGE_NONE = 0, GANTRY_STAGE_CLONE, GANTRY_STAGE_NAMESPACE, GANTRY_STAGE_MOUNT, GANTRY_STAGE_ROOT,
    GANTRY_STAGE_DEVICE, GANTRY_STAGE_SYSCTL, GANTRY_STAGE_CGROUP, GANTRY_STAGE_TERMINAL, GANTRY_STAGE_USER,
    GANTRY_STAGE_LIMIT, GANTRY_STAGE_DIRECTORY, GANTRY_STAGE_PRIVILEGES, GANTRY_STAGE_EXEC, GANTRY_STAGE_SYNC
};

/* The child's one message on its socket when it fails. */
struct gantry_report { int32_t stage, error; char text[504]; };

enum gantry_mount_kind { GANTRY_MOUNT_PLAIN = 0, GANTRY_MOUNT_BIND = 1, GANTRY_MOUNT_CGROUPS = 2 };

struct gantry_mount_op {
    enum gantry_mount_kind kind;
    const char *type, *source, *target, *options, *base;  /* target: inside the root; base: folder of relative paths, or "" */
    uint64_t flags;                                       /* MS_* */
    uint64_t propagation;                                 /* MS_PRIVATE | MS_REC, … or 0 */
    int target_is_file;                                   /* made as a file when missing */
    int read_only;                                        /* recursively, after the mount */
};

struct gantry_device { const char *path; uint32_t mode; uint32_t major_number, minor_number; uint32_t uid, gid; };
struct gantry_limit { int resource; uint64_t soft, hard; };

/* One process: a container's first or an exec. Arrays of strings end with NULL. */
struct gantry_process {
    const char *const *arguments;
    const char **environment;             /* one spare place before the NULL for HOME */
    const char *directory, *user;
    const char *const *groups;            /* additional, names or numbers */
    uint64_t bounding, effective;         /* capability masks; effective only counts for uid 0 */
    const void *seccomp;                  /* sock_filter[], or NULL */
    uint16_t seccomp_count;
    int no_new_privileges, terminal, privileged_user_caps;
    const struct gantry_limit *limits;
    size_t limit_count;
    uint16_t rows, columns;
    int input, output, error;             /* descriptors; unused with a terminal */
    int make_directory;                   /* make `directory` when missing */
};

struct gantry_sandbox {
    uint64_t namespaces;                  /* CLONE_NEW* */
    int network_namespace;                /* descriptor to join, or -1 */
    const char *root;                     /* empty folder to mount the root file system on */
    const struct gantry_mount_op *root_mounts;
    size_t root_mount_count;
    const struct gantry_mount_op *mounts;
    size_t mount_count;
    const struct gantry_device *devices;
    size_t device_count;
    const char *const *masked, *const *read_only_paths;
    const char *const *sysctls;           /* "net.ipv4.ip_forward=1" */
    const char *hostname, *domain;
    const char *const *cgroup_controllers;/* v1: hierarchies to show, "cpu,cpuacct"; NULL: v2 */
    int read_only_root, new_cgroup_namespace;
};

/* Clones the container's first process. It sets everything up, sends its pty's master (SCM_RIGHTS) on the socket if it
 * has a terminal, then one byte 'r' (ready), waits for one byte, and executes; the socket then closes. On failure it
 * sends a gantry_report and exits. Returns the pid and in *channel the parent's end, or -1 with errno. */
pid_t gantry_launch(const struct gantry_sandbox *, const struct gantry_process *, int *channel);

/* The same for one more process in the namespaces of `target` (a pidfd). The pid is the parent's child as well. */
pid_t gantry_enter(int target, uint64_t namespaces, const struct gantry_process *, int *channel);

/* Receives one message of a channel: its bytes into `buffer`, a descriptor into *descriptor (-1: none). As recvmsg. */
ssize_t gantry_channel_receive(int channel, void *buffer, size_t size, int *descriptor);
#endif
