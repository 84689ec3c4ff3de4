/* PID 1 of a container with --init: runs one program, passes signals on to it, buries the orphans, and ends with the
 * program's status. Usage: docker-init -- program [arguments]. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **arguments, const sigset_t *before) {
    pid_t child = fork();
    if (child != 0) return child;
    /* A process group of its own that owns the terminal, so that ^C reaches all of it. */
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    if (isatty(0)) tcsetpgrp(0, getpid());
    signal(SIGTTOU, SIG_DFL);
    sigprocmask(SIG_SETMASK, before, NULL);
    execvp(arguments[0], arguments);
    int error = errno;
    fprintf(stderr, "exec: \"%s\": %s\n", arguments[0], error == ENOENT ? "executable file not found in $PATH" : strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* The program's status once it has ended, or -1; buries everything else on the way. */
static int bury(pid_t program) {
    int status, result = -1;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == program) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

int main(int count, char **arguments) {
    arguments++;
    if (count > 1 && strcmp(arguments[0], "--") == 0) arguments++;
    if (!arguments[0]) {
        fprintf(stderr, "usage: docker-init -- program [arguments]\n");
        return 1;
    }
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t program = start(arguments, &before);
    if (program < 0) {
        perror("fork");
        return 1;
    }
    while (1) {
        siginfo_t information;
        int number = sigwaitinfo(&all, &information);
        if (number < 0) continue;
        if (number != SIGCHLD) {
            kill(program, number);
            continue;
        }
        int status = bury(program);
        if (status >= 0) return status;
    }
}
