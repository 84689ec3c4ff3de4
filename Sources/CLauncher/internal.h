#ifndef GANTRY_LAUNCHER_INTERNAL_H
#define GANTRY_LAUNCHER_INTERNAL_H
#include "clinux.h"
#include "launcher.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Sends the report and ends the process. */
_Noreturn void gantry_fail(int channel, enum gantry_stage stage, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct gantry_identity { uid_t uid; gid_t gid; char home[512]; gid_t groups[256]; size_t group_count; };

void gantry_identify(int channel, const struct gantry_process *, struct gantry_identity *);
void gantry_build_root(int channel, const struct gantry_sandbox *);
void gantry_mount_cgroups(int channel, const struct gantry_sandbox *);
void gantry_finish_root(int channel, const struct gantry_sandbox *);
/* Standard streams or a terminal; sends the master. */
void gantry_wire_streams(int channel, const struct gantry_process *, bool console);
/* Limits, identity, privileges, exec. Does not return. */
_Noreturn void gantry_become(int channel, const struct gantry_process *);
void gantry_wait_for_parent(int channel);
int gantry_write_file(const char *path, const char *text);
pid_t gantry_clone(uint64_t flags, int signal);
int gantry_channel_send(int channel, const void *bytes, size_t size, int descriptor);
#endif
