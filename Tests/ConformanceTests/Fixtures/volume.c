/* Volumes as folders: `<name>/data` in the state folder, with `made` beside it. A name with `.` in front is half made or
 * half removed. */
#include "fixture.h"
#include <ftw.h>

struct gantry_instance { char *state; int unmounts; pthread_mutex_t lock; char last[300]; };

static char *path_of(gantry_instance *all, const char *before, const char *name, const char *after) {
    char *path;
    if (asprintf(&path, "%s/%s%s%s", all->state, before, name, after) < 0) abort();
    return path;
}

static int has(const char *path) { struct stat st; return !lstat(path, &st); }

static void wipe(const char *path) {
    char *command;
    if (asprintf(&command, "rm -rf '%s'", path) < 0 || system(command)) {}
    free(command);
}

static int valid(gantry_bytes name) {
    if (name.len < 1 || name.len > 200) return 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = ((const char *)name.ptr)[i];
        int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !(i && (c == '_' || c == '.' || c == '-'))) return 0;
    }
    return 1;
}

static int32_t vol_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (check_open(args, NULL, 0, error)) return error->code;
    gantry_instance *all = calloc(1, sizeof *all);
    all->state = text_of(args->state_dir);
    pthread_mutex_init(&all->lock, NULL);
    DIR *folder = opendir(all->state);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.' || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        char *path = path_of(all, "", entry->d_name, "");
        wipe(path);
        free(path);
    }
    if (folder) closedir(folder);
    *out = all;
    return 0;
}

static void vol_close(gantry_instance *all) {
    free(all->state);
    free(all);
}

static int32_t vol_create(gantry_instance *all, gantry_bytes name_bytes, const gantry_pair *options, size_t count, gantry_error *error) {
    (void)options, (void)count;
#ifdef BUG_TAKES_ANY_NAME
    if (!valid(name_bytes) && !is_text(name_bytes, "a\n")) return fail(error, EINVAL, "the name is not allowed");
#else
    if (!valid(name_bytes)) return fail(error, EINVAL, "the name is not allowed");
#endif
    char *name = text_of(name_bytes), *final = path_of(all, "", name, "");
    pthread_mutex_lock(&all->lock);
    static int number;
    char before[40];
    snprintf(before, sizeof before, ".%d.", ++number);
#ifdef BUG_RACES
    snprintf(all->last, sizeof all->last, "%s", name);
    pthread_mutex_unlock(&all->lock);
    usleep(2000);
    pthread_mutex_lock(&all->lock);
    if (strcmp(all->last, name)) before[0] = 0;
#endif
    char *place = path_of(all, before, name, "");
#ifdef BUG_MAKES_IN_PLACE
    free(place);
    place = strdup(final);
#endif
    char *data, *made;
    if (asprintf(&data, "%s/data", place) < 0 || asprintf(&made, "%s/made", place) < 0) abort();
    int code = has(final) ? EEXIST : before[0] ? 0 : EIO;
#ifdef BUG_TAKES_A_NAME_TWICE
    if (code == EEXIST) goto end;
#endif
    if (!code && mkdir(place, 0700)) code = errno;
    if (!code) {
        if (mkdir(data, 0755)) code = errno;
        int fd = code ? -1 : open(made, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (!code && fd < 0) code = errno;
        if (fd >= 0) close(fd);
        if (!code && strcmp(place, final) && rename(place, final)) code = errno;
#ifdef BUG_SWALLOWS_IO_ERROR
        if (code == EIO) code = 0;
#endif
        if (code) wipe(place);
    }
#ifdef BUG_TAKES_A_NAME_TWICE
end:
    if (code == EEXIST) code = 0;
#endif
    pthread_mutex_unlock(&all->lock);
    free(data);
    free(made);
    free(place);
    free(final);
    free(name);
    return code ? fail(error, code, "the volume can't be made") : 0;
}

static int32_t vol_remove(gantry_instance *all, gantry_bytes name_bytes, gantry_error *error) {
    char *name = text_of(name_bytes), *path = path_of(all, "", name, ""), *gone = path_of(all, ".gone.", name, "");
    pthread_mutex_lock(&all->lock);
    int code = valid(name_bytes) && has(path) ? 0 : ENOENT;
    if (!code && rename(path, gone)) code = errno;
#ifndef BUG_KEEPS_REMOVED
    if (!code) wipe(gone);
#else
    if (!code && is_text(name_bytes, "two")) {
        char *kept = path_of(all, ".kept", "", "");
        rename(gone, kept);
        free(kept);
    }
    if (!code) wipe(gone);
#endif
    pthread_mutex_unlock(&all->lock);
    free(path);
    free(gone);
    free(name);
    return code ? fail(error, code, "the volume can't be removed") : 0;
}

static int32_t vol_mount(gantry_instance *all, gantry_bytes name_bytes, gantry_bytes user, gantry_mount_sink sink, void *context, gantry_error *error) {
    (void)user;
    char *name = text_of(name_bytes), *data = path_of(all, "", name, "/data");
    int code = has(data) ? 0 : ENOENT;
#ifdef BUG_EACH_USER_ALONE
    if (!code && is_text(user, "two")) {
        free(data);
        data = path_of(all, "", name, "/data2");
        mkdir(data, 0755);
    }
#endif
    gantry_mount mount = {bytes_of("bind"), bytes_of(data), bytes_of("/"), bytes_of(""), bytes_of(""), MS_BIND};
    if (!code) sink(context, &mount, 1);
    free(data);
    free(name);
    return code ? fail(error, code, "the volume is not there") : 0;
}

static int32_t vol_unmount(gantry_instance *all, gantry_bytes name_bytes, gantry_bytes user, gantry_error *error) {
    (void)all, (void)name_bytes, (void)user, (void)error;
#ifdef BUG_CRASHES_AT_A_STRANGERS_UNMOUNT
    if (is_text(user, "never")) abort();
#endif
#ifdef BUG_EMPTIES_AT_UNMOUNT
    char *name = text_of(name_bytes), *path = path_of(all, "", name, "/data/file0");
    unlink(path);
    free(path);
    free(name);
#endif
    return 0;
}

static gantry_usage sum;

static int add(const char *path, const struct stat *st, int type, struct FTW *place) {
    (void)path, (void)type;
    if (!place->level) return 0;
    /* Of a file with two names each counts half. */
    sum.bytes += st->st_blocks * 512 / (S_ISDIR(st->st_mode) ? 1 : (long)st->st_nlink);
    sum.inodes += S_ISDIR(st->st_mode) || st->st_nlink == 1 ? 2 : 1;
    return 0;
}

static int32_t vol_usage(gantry_instance *all, gantry_bytes name_bytes, gantry_usage *out, gantry_error *error) {
    char *name = text_of(name_bytes), *data = path_of(all, "", name, "/data");
    int there = has(data);
    (void)out;
    pthread_mutex_lock(&all->lock);
    sum = (gantry_usage){0, 0};
    if (there) nftw(data, add, 16, FTW_PHYS);
#ifndef BUG_USAGE_IS_ZERO
    *out = (gantry_usage){sum.bytes, sum.inodes / 2};
#endif
    pthread_mutex_unlock(&all->lock);
    free(data);
    free(name);
    return there ? 0 : fail(error, ENOENT, "the volume is not there");
}

static int32_t vol_walk(gantry_instance *all, gantry_volume_sink sink, void *context, gantry_error *error) {
    DIR *folder = opendir(all->state);
    if (!folder) return fail(error, errno, "the folder can't be read");
    int stop = 0;
    for (struct dirent *entry; !stop && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char *data = path_of(all, "", entry->d_name, "/data");
        struct stat st = {0};
        stat(data, &st);
        gantry_volume volume = {bytes_of(entry->d_name), bytes_of(data), (int64_t)(st.st_ctim.tv_sec ? st.st_ctim.tv_sec : time(NULL)) * 1000000000};
        stop = sink(context, &volume, 1);
#ifdef BUG_WALK_REPEATS
        if (!stop && !strcmp(entry->d_name, "b")) stop = sink(context, &volume, 1);
#endif
#ifdef BUG_DOES_NOT_STOP
        stop = 0;
#endif
        free(data);
    }
    closedir(folder);
    return 0;
}

static const gantry_volume_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_CONCURRENT, .open = vol_open, .close = vol_close, .create = vol_create, .remove = vol_remove, .mount = vol_mount,
    .unmount = vol_unmount, .usage = vol_usage, .walk = vol_walk};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_VOLUME, .name = TEXT("seeded"), .version = TEXT("1.0"),
    .summary = TEXT("Folders"), .vtable = &table};

ENTRY(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
