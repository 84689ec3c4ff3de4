/* A volume driver that does what the name of a volume says: "crash", "exit", "hang…" (deaf to cancel), "wait" (until
 * cancelled), "slow" (50 ms). Any other name gets a folder. Its users are files ".user-NAME-USER". With REFUSE it does
 * not open. */
#include "gantry_driver.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "1.0"
#endif
#ifndef CAPS
#define CAPS 0
#endif
#define TEXT(S) {(S), sizeof(S) - 1}

struct gantry_instance { char state[400]; atomic_int cancelled; };

static int32_t fail(gantry_error *error, int32_t code, const char *why) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s", why);
    return code;
}

static int32_t faulty_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
#ifdef REFUSE
    return fail(error, EIO, "this version never opens");
#endif
    gantry_instance *faulty = calloc(1, sizeof *faulty);
    if (!faulty) return fail(error, ENOMEM, "no memory");
    snprintf(faulty->state, sizeof faulty->state, "%.*s", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    *out = faulty;
    return 0;
}
static void faulty_close(gantry_instance *faulty) { free(faulty); }
static void faulty_cancel(gantry_instance *faulty) { atomic_store(&faulty->cancelled, 1); }

static int is(gantry_bytes name, const char *text) { return name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0; }

static void path(gantry_instance *faulty, gantry_bytes name, char *out, size_t size) {
    snprintf(out, size, "%s/%.*s", faulty->state, (int)name.len, (const char *)name.ptr);
}

static int32_t faulty_create(gantry_instance *faulty, gantry_bytes name, const gantry_pair *options, size_t count, gantry_error *error) {
    (void)options; (void)count;
    atomic_store(&faulty->cancelled, 0);
    if (is(name, "crash")) raise(SIGSEGV);
    if (is(name, "exit")) _exit(7);
    if (name.len >= 4 && memcmp(name.ptr, "hang", 4) == 0) for (;;) pause();
    if (is(name, "wait")) {
        while (!atomic_load(&faulty->cancelled)) usleep(1000);
        return fail(error, ECANCELED, "cancelled while waiting");
    }
    if (is(name, "slow")) usleep(50000);
    char folder[600];
    path(faulty, name, folder, sizeof folder);
    if (mkdir(folder, 0755) && errno != EEXIST) return fail(error, errno, "no folder");
    return 0;
}
static int32_t faulty_remove(gantry_instance *faulty, gantry_bytes name, gantry_error *error) {
    char folder[600];
    path(faulty, name, folder, sizeof folder);
    return rmdir(folder) ? fail(error, ENOENT, "there is no such volume") : 0;
}
static void user_file(gantry_instance *faulty, gantry_bytes name, gantry_bytes user, char *out, size_t size) {
    snprintf(out, size, "%s/.user-%.*s-%.*s", faulty->state, (int)name.len, (const char *)name.ptr, (int)user.len, (const char *)user.ptr);
}
static int32_t faulty_mount(gantry_instance *faulty, gantry_bytes name, gantry_bytes user, gantry_mount_sink sink, void *context, gantry_error *error) {
    char file[700];
    user_file(faulty, name, user, file, sizeof file);
    int counted = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (counted < 0) return fail(error, errno, "the user can't be counted");
    close(counted);
    char folder[600];
    path(faulty, name, folder, sizeof folder);
    gantry_mount mount = {.type = TEXT("bind"), .source = {folder, strlen(folder)}, .flags = 4096};
    sink(context, &mount, 1);
    return 0;
}
static int32_t faulty_unmount(gantry_instance *faulty, gantry_bytes name, gantry_bytes user, gantry_error *error) {
    (void)error;
    char file[700];
    user_file(faulty, name, user, file, sizeof file);
    unlink(file);
    return 0;
}
static int32_t faulty_usage(gantry_instance *faulty, gantry_bytes name, gantry_usage *out, gantry_error *error) {
    (void)faulty; (void)name; (void)error;
    *out = (gantry_usage){.bytes = 42, .inodes = getpid()};
    return 0;
}
static int32_t faulty_walk(gantry_instance *faulty, gantry_volume_sink sink, void *context, gantry_error *error) {
    (void)error;
    DIR *folder = opendir(faulty->state);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        gantry_volume volume = {.name = {entry->d_name, strlen(entry->d_name)}, .created_ns = 5};
        if (sink(context, &volume, 1)) break;
    }
    if (folder) closedir(folder);
    return 0;
}

static const gantry_volume_vtable table = {
    .size = sizeof table, .caps = CAPS, .open = faulty_open, .close = faulty_close, .create = faulty_create, .remove = faulty_remove,
    .mount = faulty_mount, .unmount = faulty_unmount, .usage = faulty_usage, .walk = faulty_walk, .cancel = faulty_cancel};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_VOLUME, .name = TEXT("faulty"), .version = TEXT(VERSION),
    .summary = TEXT("Crashes and hangs when told"), .vtable = &table};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host; (void)error;
    return &driver;
}
