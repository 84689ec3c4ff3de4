/* The last steps of any process in a container: streams, limits, identity, privileges, exec. */
#include "internal.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <grp.h>
#include <sys/resource.h>

static void move_streams(int channel, int input, int output, int error) {
    /* Lifted first, so that none lands on another's place. */
    int lifted[3] = {fcntl(input, F_DUPFD_CLOEXEC, 64), fcntl(output, F_DUPFD_CLOEXEC, 64), fcntl(error, F_DUPFD_CLOEXEC, 64)};
    for (int i = 0; i < 3; i++)
        if (lifted[i] < 0 || dup2(lifted[i], i) < 0) gantry_fail(channel, GANTRY_STAGE_TERMINAL, errno, "connect the standard streams");
}

static void open_terminal(int channel, const struct gantry_process *process, bool console) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int locked = 0, number = 0;
    if (master < 0 || ioctl(master, TIOCSPTLCK, &locked) != 0 || ioctl(master, TIOCGPTN, &number) != 0)
        gantry_fail(channel, GANTRY_STAGE_TERMINAL, errno, "open a terminal");
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) gantry_fail(channel, GANTRY_STAGE_TERMINAL, errno, "open the terminal's other end");
    if (process->rows && process->columns) gantry_set_winsize(master, process->rows, process->columns);
    if (console) {
        char path[64];
        snprintf(path, sizeof path, "/dev/pts/%d", number);
        int file = open("/dev/console", O_CREAT | O_WRONLY | O_CLOEXEC | O_NOCTTY, 0666);
        if (file >= 0) close(file);
        if (mount(path, "/dev/console", NULL, MS_BIND, NULL) != 0)
            gantry_fail(channel, GANTRY_STAGE_TERMINAL, errno, "mount /dev/console");
    }
    char tag = 't';
    if (gantry_channel_send(channel, &tag, 1, master) != 0) _exit(127);
    close(master);
    move_streams(channel, slave, slave, slave);
    if (ioctl(0, TIOCSCTTY, 0) != 0) gantry_fail(channel, GANTRY_STAGE_TERMINAL, errno, "take the terminal");
}

void gantry_wire_streams(int channel, const struct gantry_process *process, bool console) {
    if (process->terminal) open_terminal(channel, process, console);
    else move_streams(channel, process->input, process->output, process->error);
}

static void set_limits(int channel, const struct gantry_process *process) {
    for (size_t i = 0; i < process->limit_count; i++) {
        struct rlimit limit = {.rlim_cur = process->limits[i].soft, .rlim_max = process->limits[i].hard};
        if (setrlimit(process->limits[i].resource, &limit) != 0)
            gantry_fail(channel, GANTRY_STAGE_LIMIT, errno, "set resource limit %d to %llu:%llu", process->limits[i].resource,
                        (unsigned long long)process->limits[i].soft, (unsigned long long)process->limits[i].hard);
    }
}

static void make_folders(const char *path) {
    char copy[4096];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) return;
    for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(copy, 0755);
        *slash = '/';
    }
    mkdir(copy, 0755);
}

static void load_filter(int channel, const struct gantry_process *process) {
    if (!process->seccomp) return;
    struct sock_fprog program = {.len = process->seccomp_count, .filter = (struct sock_filter *)process->seccomp};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "load the seccomp filter");
}

static void set_capabilities(int channel, uint64_t effective) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)effective},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(effective >> 32)}};
    if (syscall(SYS_capset, &header, data) != 0) gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "set capabilities");
}

static void drop_privileges(int channel, const struct gantry_process *process, const struct gantry_identity *identity) {
    if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "set no_new_privs");
    /* Without no_new_privs a filter can only be loaded with CAP_SYS_ADMIN, which goes below. */
    if (!process->no_new_privileges) load_filter(channel, process);
    for (int capability = 0; capability <= 63; capability++)
        if (!(process->bounding >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
            if (errno == EINVAL) break;  /* past the kernel's last capability */
            gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "drop capability %d", capability);
        }
    if (setgroups(identity->group_count, identity->groups) != 0 || setresgid(identity->gid, identity->gid, identity->gid) != 0)
        gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "become group %u", identity->gid);
    if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
        gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "become user %u", identity->uid);
    set_capabilities(channel, identity->uid == 0 ? process->effective : 0);
    if (process->no_new_privileges) load_filter(channel, process);
}

static const char *value_of(const char *const *environment, const char *name) {
    size_t length = strlen(name);
    for (; *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=') return *environment + length + 1;
    return NULL;
}

static void add_home(const char **environment, const char *home) {
    static char entry[600];
    if (value_of(environment, "HOME")) return;
    snprintf(entry, sizeof entry, "HOME=%s", home);
    while (*environment) environment++;
    environment[0] = entry;
    environment[1] = NULL;
}

/* execvp with the container's PATH; remembers "found but not executable" over "not found". */
static int execute(const struct gantry_process *process) {
    const char *command = process->arguments[0];
    char *const *arguments = (char *const *)process->arguments, *const *environment = (char *const *)process->environment;
    if (strchr(command, '/')) {
        execve(command, arguments, environment);
        struct stat status;
        if (errno == EACCES && stat(command, &status) == 0 && S_ISDIR(status.st_mode)) return EISDIR;
        return errno;
    }
    const char *path = value_of(process->environment, "PATH");
    if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    int error = ENOENT;
    while (*path) {
        size_t length = strcspn(path, ":");
        char candidate[4096];
        snprintf(candidate, sizeof candidate, "%.*s/%s", length ? (int)length : 1, length ? path : ".", command);
        execve(candidate, arguments, environment);
        if (errno != ENOENT && errno != ENOTDIR) {
            struct stat status;
            if (stat(candidate, &status) == 0 && S_ISREG(status.st_mode)) error = errno;
        }
        path += length + (path[length] == ':');
    }
    return error;
}

/* So that a user without privileges may reopen /dev/stdout. Only what was made for this process: /dev/null is the host's. */
static void give_streams(int channel, const struct gantry_process *process, uid_t uid) {
    for (int i = 0; i < 3; i++) {
        struct stat status;
        if (fstat(i, &status) != 0 || !(S_ISFIFO(status.st_mode) || process->terminal)) continue;
        if (fchown(i, uid, (gid_t)-1) != 0) gantry_fail(channel, GANTRY_STAGE_PRIVILEGES, errno, "give the streams to user %u", uid);
    }
}

void gantry_become(int channel, const struct gantry_process *process) {
    struct gantry_identity identity;
    gantry_identify(channel, process, &identity);
    umask(022);
    if (process->make_directory) make_folders(process->directory);
    set_limits(channel, process);
    add_home(process->environment, identity.home);
    give_streams(channel, process, identity.uid);
    drop_privileges(channel, process, &identity);
    if (chdir(process->directory) != 0)
        gantry_fail(channel, GANTRY_STAGE_DIRECTORY, errno, "chdir to cwd (\"%s\") set in config.json failed", process->directory);
    if (syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) != 0)
        gantry_fail(channel, GANTRY_STAGE_EXEC, errno, "close descriptors");
    int error = execute(process);
    gantry_fail(channel, GANTRY_STAGE_EXEC, error, "%s", process->arguments[0]);
}
