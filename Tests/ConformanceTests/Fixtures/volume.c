/* A volume driver: folders. Right as it stands, and wrong with -DBUG_<NAME>. */
#include "fixture.h"

struct gantry_instance { char state[500]; char names[600][64]; int count, unmounts; pthread_mutex_t lock; };

static int exists(const char *path) { struct stat status; return lstat(path, &status) == 0; }
static void path_of(gantry_instance *all, gantry_bytes name, char *out, size_t size) { snprintf(out, size, "%s/%.*s", all->state, (int)name.len, (const char *)name.ptr); }
static void hidden_path_of(gantry_instance *all, gantry_bytes name, char *out, size_t size) { snprintf(out, size, "%s/.%.*s", all->state, (int)name.len, (const char *)name.ptr); }

static int32_t vol_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    int32_t code = check_open(args, 0, 0, error);
    if (code) return code;
    *out = calloc(1, sizeof **out);
    pthread_mutex_init(&(*out)->lock, 0);
    snprintf((*out)->state, sizeof (*out)->state, "%.*s", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    return 0;
}
static void vol_close(gantry_instance *all) { free(all); }

static int32_t vol_create(gantry_instance *all, gantry_bytes name, const gantry_pair *options, size_t count, gantry_error *error) {
    (void)options, (void)count;
    char folder[600];
    path_of(all, name, folder, sizeof folder);
    int code = mkdir(folder, 0755) ? errno : 0;
#ifdef BUG_TAKES_A_NAME_TWICE
    if (code == EEXIST) code = 0;
#endif
#ifdef BUG_KEEPS_CONTENTS
    char hidden[600];
    hidden_path_of(all, name, hidden, sizeof hidden);
    if (!code && exists(hidden) && rmdir(folder) == 0) rename(hidden, folder);
#endif
#ifdef BUG_LIST_IN_MEMORY
    snprintf(all->names[all->count++], 64, "%.*s", (int)name.len, (const char *)name.ptr);
#endif
#ifdef BUG_RACES
    pthread_mutex_lock(&all->lock);
    snprintf(all->names[0], 64, "%.*s", (int)name.len, (const char *)name.ptr);
    pthread_mutex_unlock(&all->lock);
    usleep(300);
    if (strncmp(all->names[0], name.ptr, name.len)) return fail(error, EIO, "another name came in between");
#endif
    return code ? fail(error, code, folder) : 0;
}
static int32_t vol_remove(gantry_instance *all, gantry_bytes name, gantry_error *error) {
    char folder[600], command[700];
    path_of(all, name, folder, sizeof folder);
#ifndef BUG_REMOVES_THE_ABSENT
    if (!exists(folder)) return fail(error, ENOENT, folder);
#endif
#ifdef BUG_KEEPS_CONTENTS
    char hidden[600];
    hidden_path_of(all, name, hidden, sizeof hidden);
    snprintf(command, sizeof command, "rm -rf '%s'", hidden);
    if (system(command) == 0) rename(folder, hidden);
    return 0;
#endif
    if (rmdir(folder) == 0) return 0;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) ? fail(error, EIO, folder) : 0;
}
static int32_t vol_mount(gantry_instance *all, gantry_bytes name, gantry_bytes user, gantry_mount_sink sink, void *context, gantry_error *error) {
    (void)user;
    char folder[600];
    path_of(all, name, folder, sizeof folder);
    if (!exists(folder)) return fail(error, ENOENT, folder);
    gantry_mount mount = {.type = TEXT("none"), .source = {folder, strlen(folder)}, .target = TEXT("/"), .flags = MS_BIND};
#ifdef BUG_MOUNTS_NOTHING
    return 0;
#endif
    sink(context, &mount, 1);
    return 0;
}
static int32_t vol_unmount(gantry_instance *all, gantry_bytes name, gantry_bytes user, gantry_error *error) {
    (void)all, (void)name, (void)user, (void)error;
#ifdef BUG_CRASHES_AT_SECOND_UNMOUNT
    if (is_text(user, "a") && ++all->unmounts == 2) abort();
#endif
    return 0;
}
static int32_t vol_walk(gantry_instance *all, gantry_volume_sink sink, void *context, gantry_error *error) {
    (void)error;
    DIR *folder = opendir(all->state);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
#ifdef BUG_LIST_IN_MEMORY
        int known = 0;
        for (int i = 0; i < all->count; i++) known |= strcmp(all->names[i], entry->d_name) == 0;
        if (!known) continue;
#endif
        gantry_volume volume = {.name = bytes_of(entry->d_name)};
        int stop = sink(context, &volume, 1);
#ifdef BUG_DOES_NOT_STOP
        stop = 0;
#endif
        if (stop) break;
    }
    if (folder) closedir(folder);
    return 0;
}

static const gantry_volume_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_CONCURRENT, .open = vol_open, .close = vol_close, .create = vol_create, .remove = vol_remove, .mount = vol_mount,
    .unmount = vol_unmount, .walk = vol_walk};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_VOLUME, .name = TEXT("seeded"), .version = TEXT("1.0"), .summary = TEXT("Folders"),
    .vtable = &table};

ENTRY(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
