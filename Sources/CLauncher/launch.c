/* Cloning, and the order of the steps. */
#include "internal.h"

#include <linux/sched.h>
#include <stdarg.h>

static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t gantry_clone(uint64_t flags, int signal) {
    struct clone_args arguments = {.flags = flags, .exit_signal = (uint64_t)signal};
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

void gantry_fail(int channel, enum gantry_stage stage, int error, const char *format, ...) {
    struct gantry_report report = {.stage = (int32_t)stage, .error = error};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report.text, sizeof report.text, format, arguments);
    va_end(arguments);
    send(channel, &report, sizeof report, MSG_NOSIGNAL);
    _exit(127);
}

void gantry_wait_for_parent(int channel) {
    char byte = 'r';
    if (send(channel, &byte, 1, MSG_NOSIGNAL) != 1) _exit(127);
    ssize_t count;
    do count = recv(channel, &byte, 1, 0);
    while (count < 0 && errno == EINTR);
    if (count != 1) _exit(127);  /* the shim is gone or gave up */
}

static int open_channel(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

_Noreturn static void run_first(int channel, const struct gantry_sandbox *sandbox, const struct gantry_process *process) {
    reset_signals();
    setsid();
    umask(0);
    if (sandbox->network_namespace >= 0 && setns(sandbox->network_namespace, CLONE_NEWNET) != 0)
        gantry_fail(channel, GANTRY_STAGE_NAMESPACE, errno, "join the network namespace");
    if (sandbox->namespaces & CLONE_NEWUTS) {
        if (sandbox->hostname[0] && sethostname(sandbox->hostname, strlen(sandbox->hostname)) != 0)
            gantry_fail(channel, GANTRY_STAGE_NAMESPACE, errno, "set the host name %s", sandbox->hostname);
        if (sandbox->domain[0] && setdomainname(sandbox->domain, strlen(sandbox->domain)) != 0)
            gantry_fail(channel, GANTRY_STAGE_NAMESPACE, errno, "set the domain name %s", sandbox->domain);
    }
    gantry_build_root(channel, sandbox);
    gantry_wire_streams(channel, process, true);
    gantry_wait_for_parent(channel);
    /* Only now is the process in its cgroups, which become the root of its cgroup namespace. */
    if (sandbox->new_cgroup_namespace && unshare(CLONE_NEWCGROUP) != 0)
        gantry_fail(channel, GANTRY_STAGE_CGROUP, errno, "make a cgroup namespace");
    gantry_mount_cgroups(channel, sandbox);
    gantry_finish_root(channel, sandbox);
    gantry_become(channel, process);
}

pid_t gantry_launch(const struct gantry_sandbox *sandbox, const struct gantry_process *process, int *channel) {
    int ends[2];
    if (open_channel(ends) != 0) return -1;
    pid_t pid = gantry_clone(sandbox->namespaces, SIGCHLD);
    if (pid == 0) {
        close(ends[0]);
        run_first(ends[1], sandbox, process);
    }
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    *channel = ends[0];
    return pid;
}

/* setns moves only later children into the pid namespace: a second process is cloned there, as a sibling. */
_Noreturn static void run_entered(int channel, int target, uint64_t namespaces, const struct gantry_process *process) {
    reset_signals();
    umask(0);
    if (setns(target, (int)namespaces) != 0)
        gantry_fail(channel, GANTRY_STAGE_NAMESPACE, errno, "join the container's namespaces");
    /* clone3 takes no exit signal with CLONE_PARENT: the parent's own is used. */
    pid_t pid = gantry_clone(CLONE_PARENT, 0);
    if (pid < 0) gantry_fail(channel, GANTRY_STAGE_CLONE, errno, "clone");
    if (pid > 0) {
        int32_t number = pid;
        gantry_channel_send(channel, &number, sizeof number, -1);
        _exit(0);
    }
    setsid();
    gantry_wire_streams(channel, process, false);
    gantry_wait_for_parent(channel);
    umask(022);
    gantry_become(channel, process);
}

pid_t gantry_enter(int target, uint64_t namespaces, const struct gantry_process *process, int *channel) {
    int ends[2];
    if (open_channel(ends) != 0) return -1;
    pid_t middle = gantry_clone(0, SIGCHLD);
    if (middle == 0) {
        close(ends[0]);
        run_entered(ends[1], target, namespaces, process);
    }
    int error = errno;
    close(ends[1]);
    if (middle < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    *channel = ends[0];
    return middle;
}

int gantry_channel_send(int channel, const void *bytes, size_t size, int descriptor) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control.space;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(channel, &message, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

ssize_t gantry_channel_receive(int channel, void *buffer, size_t size, int *descriptor) {
    struct iovec part = {.iov_base = buffer, .iov_len = size};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *descriptor = -1;
    ssize_t count = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return count;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return count;
}
