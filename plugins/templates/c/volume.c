/* @NAME@: a volume driver; a volume is a folder in its state folder.
 * The contract is gantry_driver.h; the author's guide is README.md of the SDK. */
#define _GNU_SOURCE
#include "gantry_driver.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT(S) {(S), sizeof(S) - 1}

struct gantry_instance { char state[400]; };

/* A call that fails gives an errno and a sentence that names the object. */
static int32_t fail(gantry_error *error, int32_t code, const char *what) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s: %s", what, strerror(code));
    return code;
}

static int32_t volume_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (args->option_count > 0) return fail(error, EINVAL, "@NAME@ has no options");
    *out = calloc(1, sizeof **out);
    if (!*out) return fail(error, ENOMEM, "@NAME@");
    snprintf((*out)->state, sizeof (*out)->state, "%.*s", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    return 0;
}

static void volume_close(gantry_instance *all) { free(all); }

static void path_of(gantry_instance *all, gantry_bytes name, char *out, size_t size) {
    snprintf(out, size, "%s/%.*s", all->state, (int)name.len, (const char *)name.ptr);
}

/* A name is one of a folder: [a-zA-Z0-9][a-zA-Z0-9_.-]*, so that none leads elsewhere. */
static int is_name(gantry_bytes name) {
    const char *text = name.ptr;
    for (size_t i = 0; i < name.len; i++)
        if (!(isalnum((unsigned char)text[i]) || (i > 0 && strchr("_.-", text[i]) && text[i]))) return 0;
    return name.len > 0 && name.len <= 255;
}

static int32_t volume_create(gantry_instance *all, gantry_bytes name, const gantry_pair *options, size_t count, gantry_error *error) {
    (void)options, (void)count;
    char folder[800];
    if (!is_name(name)) return fail(error, EINVAL, "a volume's name");
    path_of(all, name, folder, sizeof folder);
    return mkdir(folder, 0755) ? fail(error, errno, folder) : 0;
}

static int unlink_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static int32_t volume_remove(gantry_instance *all, gantry_bytes name, gantry_error *error) {
    char folder[800];
    path_of(all, name, folder, sizeof folder);
    if (!is_name(name)) return fail(error, ENOENT, folder);
    return nftw(folder, unlink_entry, 16, FTW_DEPTH | FTW_PHYS) ? fail(error, errno, folder) : 0;
}

/* The engine mounts what is told here, in the container's own mount namespace. */
static int32_t volume_mount(gantry_instance *all, gantry_bytes name, gantry_bytes user, gantry_mount_sink sink, void *context, gantry_error *error) {
    (void)user;
    char folder[800];
    path_of(all, name, folder, sizeof folder);
    if (!is_name(name)) return fail(error, ENOENT, folder);
    if (access(folder, F_OK)) return fail(error, errno, folder);
    gantry_mount mount = {.type = TEXT("none"), .source = {folder, strlen(folder)}, .target = TEXT("/"), .flags = MS_BIND};
    sink(context, &mount, 1);
    return 0;
}

static int32_t volume_unmount(gantry_instance *all, gantry_bytes name, gantry_bytes user, gantry_error *error) {
    (void)all, (void)name, (void)user, (void)error;
    return 0;
}

static int32_t volume_walk(gantry_instance *all, gantry_volume_sink sink, void *context, gantry_error *error) {
    DIR *folder = opendir(all->state);
    if (!folder) return fail(error, errno, all->state);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char path[800];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", all->state, entry->d_name);
        if (lstat(path, &status)) continue;
        gantry_volume volume = {
            .name = {entry->d_name, strlen(entry->d_name)}, .mountpoint = {path, strlen(path)},
            .created_ns = (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec};
        if (sink(context, &volume, 1)) break;
    }
    closedir(folder);
    return 0;
}

static const gantry_volume_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_CONCURRENT, .open = volume_open, .close = volume_close, .create = volume_create, .remove = volume_remove,
    .mount = volume_mount, .unmount = volume_unmount, .walk = volume_walk};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_VOLUME, .name = TEXT("@NAME@"), .version = TEXT("0.1.0"),
    .summary = TEXT("Folders"), .vtable = &table};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
