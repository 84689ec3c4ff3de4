/* @NAME@: a storage driver whose snapshots are folders, and whose children are copies of their parents.
 *
 *   a.KEY  v.KEY  c.KEY   a snapshot that is active, a view, committed: its tree is `fs`, its parent's key is in `parent`
 *   tmp.KEY               half made or half removed; it goes when the driver is opened
 *
 * What makes, commits or removes a snapshot is one rename(2), so that a crash leaves it as before or as after.
 * The contract is gantry_driver.h; the author's guide is README.md of the SDK. */
#define _GNU_SOURCE
#include "gantry_driver.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(S) {(S), sizeof(S) - 1}
#define KEY_LIMIT 128

typedef char name[KEY_LIMIT + 16];      /* "tmp.KEY/parent", seen from the state folder */

struct gantry_instance {
    char path[PATH_MAX];
    int folder;                         /* of `path` */
    pthread_mutex_t lock;               /* of `helper` */
    pid_t helper;                       /* cp or rm, while one runs */
};

/* A call that fails gives an errno and a sentence that names the object. */
static int32_t fail(gantry_error *error, int32_t code, gantry_bytes key) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "snapshot %.*s: %s", (int)(key.len < 200 ? key.len : 200), (const char *)key.ptr, strerror(code));
    return code;
}

/* ---- names ---- */

static int is_key(gantry_bytes key) {
    const char *text = key.ptr;
    for (size_t i = 0; i < key.len; i++)
        if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("_.-", text[i]))) return 0;
    int is_dots = key.len <= 2 && !memcmp("..", text, key.len);
    return key.len > 0 && key.len <= KEY_LIMIT && !is_dots;
}

static void place(name out, const char *state, gantry_bytes key, const char *file) {
    snprintf(out, sizeof(name), "%s.%.*s%s", state, (int)key.len, (const char *)key.ptr, file);
}

/* "a", "v", "c", or NULL: there is no such snapshot. */
static const char *state_of(gantry_instance *all, gantry_bytes key) {
    static const char *const states[] = {"a", "v", "c"};
    name path;
    for (int i = 0; is_key(key) && i < 3; i++) {
        place(path, states[i], key, "");
        if (!faccessat(all->folder, path, F_OK, AT_SYMLINK_NOFOLLOW)) return states[i];
    }
    return NULL;
}

/* The parent's key, in `text`. */
static gantry_bytes parent_of(gantry_instance *all, const char *state, gantry_bytes key, char text[KEY_LIMIT]) {
    name path;
    place(path, state, key, "/parent");
    int file = openat(all->folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, KEY_LIMIT);
    if (file >= 0) close(file);
    return (gantry_bytes){text, size > 0 ? (size_t)size : 0};
}

/* ---- trees, which cp(1) and rm(1) know best: links, holes, owners, times, attributes ---- */

/* Runs a program in the state folder. 0 or an errno; what it has to say goes to the daemon's log. */
static int run(gantry_instance *all, char *const words[]) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addfchdir_np(&actions, all->folder);
    pid_t pid = 0;
    pthread_mutex_lock(&all->lock);
    int code = posix_spawnp(&pid, words[0], &actions, NULL, words, environ), status = 0;
    all->helper = pid;
    pthread_mutex_unlock(&all->lock);
    posix_spawn_file_actions_destroy(&actions);
    if (code) return code;
    /* It stays a zombie until nobody can send it a signal any more. */
    siginfo_t end;
    while (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) && errno == EINTR) {}
    pthread_mutex_lock(&all->lock);
    all->helper = 0;
    waitpid(pid, &status, 0);
    pthread_mutex_unlock(&all->lock);
    return WIFSIGNALED(status) ? ECANCELED : WEXITSTATUS(status) ? EIO : 0;
}

/* The engine asks for an end of the call under way, from another thread. */
static void storage_cancel(gantry_instance *all) {
    pthread_mutex_lock(&all->lock);
    if (all->helper > 0) kill(all->helper, SIGTERM);
    pthread_mutex_unlock(&all->lock);
}

static int discard(gantry_instance *all, const char *path) { return run(all, (char *const[]){"rm", "-rf", (char *)path, NULL}); }

static int write_parent(gantry_instance *all, const char *path, gantry_bytes parent) {
    int file = openat(all->folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    ssize_t written = write(file, parent.ptr, parent.len);
    int code = written == (ssize_t)parent.len ? 0 : written < 0 ? errno : ENOSPC;
    close(file);
    return code;
}

/* Makes tmp.KEY with everything in it. */
static int fill(gantry_instance *all, gantry_bytes key, gantry_bytes parent, int copies) {
    name top, tree, note, source;
    place(top, "tmp", key, "");
    place(tree, "tmp", key, "/fs");
    place(note, "tmp", key, "/parent");
    place(source, "c", parent, "/fs/.");
    if (mkdirat(all->folder, top, 0700) || mkdirat(all->folder, tree, 0755)) return errno;
    /* Everybody in a container must be able to enter its root, whatever the engine's umask. */
    if (fchmodat(all->folder, tree, 0755, 0)) return errno;
    int code = write_parent(all, note, parent);
    if (code || !copies) return code;
    return run(all, (char *const[]){"cp", "-a", "--reflink=auto", source, tree, NULL});
}

/* ---- the calls ---- */

static int32_t storage_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (args->option_count > 0) return fail(error, EINVAL, args->options[0].key);
    gantry_instance *all = calloc(1, sizeof *all);
    if (!all) return fail(error, ENOMEM, args->name);
    snprintf(all->path, sizeof all->path, "%.*s", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    all->folder = open(all->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = all->folder < 0 ? NULL : opendir(all->path);
    if (!entries) {
        int code = errno;
        if (all->folder >= 0) close(all->folder);
        free(all);
        return fail(error, code, args->state_dir);
    }
    pthread_mutex_init(&all->lock, NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (!strncmp(entry->d_name, "tmp.", 4)) discard(all, entry->d_name);
    closedir(entries);
    *out = all;
    return 0;
}

static void storage_close(gantry_instance *all) {
    close(all->folder);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* What the engine mounts, in the container's own mount namespace. A view shows its parent's tree. */
static void tell(gantry_instance *all, const char *state, gantry_bytes key, gantry_mount_sink sink, void *context) {
    char text[KEY_LIMIT];
    gantry_bytes parent = parent_of(all, state, key, text);
    name source;
    if (*state == 'v' && parent.len) place(source, "c", parent, "/fs"); else place(source, state, key, "/fs");
    gantry_mount mount = {
        .type = TEXT("bind"), .source = {source, strlen(source)}, .target = TEXT("/"), .base = {all->path, strlen(all->path)},
        .flags = MS_BIND | (*state == 'v' ? MS_RDONLY : 0)};
    sink(context, &mount, 1);
}

static int32_t make(gantry_instance *all, const char *state, gantry_bytes key, gantry_bytes parent, gantry_mount_sink sink, void *context, gantry_error *error) {
    if (!is_key(key)) return fail(error, EINVAL, key);
    if (state_of(all, key)) return fail(error, EEXIST, key);
    const char *below = parent.len ? state_of(all, parent) : "c";
    if (!below) return fail(error, ENOENT, parent);
    if (*below != 'c') return fail(error, EINVAL, parent);
    name aside, path;
    place(aside, "tmp", key, "");
    place(path, state, key, "");
    int code = fill(all, key, parent, *state == 'a' && parent.len);
    if (!code && renameat(all->folder, aside, all->folder, path)) code = errno;
    if (code) {
        discard(all, aside);
        return fail(error, code, key);
    }
    tell(all, state, key, sink, context);
    return 0;
}

static int32_t storage_prepare(gantry_instance *all, gantry_bytes key, gantry_bytes parent, gantry_mount_sink sink, void *context, gantry_error *error) {
    return make(all, "a", key, parent, sink, context, error);
}

static int32_t storage_view(gantry_instance *all, gantry_bytes key, gantry_bytes parent, gantry_mount_sink sink, void *context, gantry_error *error) {
    return make(all, "v", key, parent, sink, context, error);
}

static int32_t storage_mounts(gantry_instance *all, gantry_bytes key, gantry_mount_sink sink, void *context, gantry_error *error) {
    const char *state = state_of(all, key);
    if (!state) return fail(error, ENOENT, key);
    if (*state == 'c') return fail(error, EINVAL, key);
    tell(all, state, key, sink, context);
    return 0;
}

/* Durable when it returns: the files first, then the name under which they are found. */
static int32_t storage_commit(gantry_instance *all, gantry_bytes key, gantry_bytes to, gantry_error *error) {
    const char *state = state_of(all, key);
    if (!is_key(to)) return fail(error, EINVAL, to);
    if (!state) return fail(error, ENOENT, key);
    if (*state != 'a') return fail(error, EINVAL, key);
    if (state_of(all, to)) return fail(error, EEXIST, to);
    name active, committed;
    place(active, "a", key, "");
    place(committed, "c", to, "");
    if (syncfs(all->folder) || renameat(all->folder, active, all->folder, committed)) return fail(error, errno, key);
    if (!fsync(all->folder)) return 0;
    int code = errno;
    renameat(all->folder, committed, all->folder, active);
    return fail(error, code, key);
}

/* Calls `body` for each snapshot, until it returns non-zero. */
static int each(gantry_instance *all, int (*body)(gantry_instance *, const gantry_snapshot *, void *), void *context) {
    DIR *entries = opendir(all->path);
    if (!entries) return errno;
    for (struct dirent *entry; (entry = readdir(entries));) {
        char state[2] = {entry->d_name[0], 0}, text[KEY_LIMIT];
        if (!state[0] || !strchr("avc", state[0]) || entry->d_name[1] != '.') continue;
        gantry_bytes key = {entry->d_name + 2, strlen(entry->d_name + 2)};
        name note;
        struct stat made;
        place(note, state, key, "/parent");
        if (fstatat(all->folder, note, &made, 0)) continue;
        gantry_snapshot snapshot = {
            .key = key, .parent = parent_of(all, state, key, text),
            .state = *state == 'a' ? GANTRY_SNAPSHOT_ACTIVE : *state == 'v' ? GANTRY_SNAPSHOT_VIEW : GANTRY_SNAPSHOT_COMMITTED,
            .created_ns = (int64_t)made.st_mtim.tv_sec * 1000000000 + made.st_mtim.tv_nsec};
        if (body(all, &snapshot, context)) break;
    }
    closedir(entries);
    return 0;
}

static int is_child(gantry_instance *all, const gantry_snapshot *snapshot, void *context) {
    (void)all;
    gantry_bytes *key = context;
    if (snapshot->parent.len != key->len || memcmp(snapshot->parent.ptr, key->ptr, key->len)) return 0;
    key->len = 0;
    return 1;
}

static int32_t storage_remove(gantry_instance *all, gantry_bytes key, gantry_error *error) {
    const char *state = state_of(all, key);
    if (!state) return fail(error, ENOENT, key);
    gantry_bytes wanted = key;
    int code = each(all, is_child, &wanted);
    if (code || !wanted.len) return fail(error, code ? code : EBUSY, key);
    name path, aside;
    place(path, state, key, "");
    place(aside, "tmp", key, "");
    if (renameat(all->folder, path, all->folder, aside)) return fail(error, errno, key);
    /* A name that came back after a power cut must not come back without its files. */
    if (*state == 'c' && fsync(all->folder)) {
        code = errno;
        renameat(all->folder, aside, all->folder, path);
        return fail(error, code, key);
    }
    /* It is removed now; what rm leaves goes with the next `open`. */
    discard(all, aside);
    return 0;
}

static int is_unchanged(const struct stat *now, const struct stat *before) {
    if (now->st_mode != before->st_mode || now->st_uid != before->st_uid || now->st_gid != before->st_gid) return 0;
    return S_ISDIR(now->st_mode)
        || (now->st_size == before->st_size && now->st_rdev == before->st_rdev && now->st_mtim.tv_sec == before->st_mtim.tv_sec && now->st_mtim.tv_nsec == before->st_mtim.tv_nsec);
}

/* What is not as it is in the parent. A file with several names counts in equal shares. */
static int32_t storage_usage(gantry_instance *all, gantry_bytes key, gantry_usage *out, gantry_error *error) {
    const char *state = state_of(all, key);
    if (!state) return fail(error, ENOENT, key);
    name tree, below;
    char root[PATH_MAX + sizeof(name)], text[KEY_LIMIT], *roots[] = {root, NULL};
    gantry_bytes parent = parent_of(all, state, key, text);
    place(tree, state, key, "/fs");
    place(below, "c", parent, "/fs");
    snprintf(root, sizeof root, "%s/%s", all->path, tree);
    int old = parent.len ? openat(all->folder, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    double bytes = 0, inodes = 0;
    FTS *walk = *state == 'v' ? NULL : fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *entry; walk && (entry = fts_read(walk));) {
        const struct stat *now = entry->fts_statp;
        struct stat before;
        if (entry->fts_level == 0 || entry->fts_info == FTS_DP || entry->fts_info == FTS_NS) continue;
        if (old >= 0 && !fstatat(old, entry->fts_path + strlen(root) + 1, &before, AT_SYMLINK_NOFOLLOW) && is_unchanged(now, &before)) continue;
        double share = S_ISDIR(now->st_mode) ? 1 : 1.0 / (double)now->st_nlink;
        bytes += share * 512 * (double)now->st_blocks;
        inodes += share;
    }
    if (walk) fts_close(walk);
    if (old >= 0) close(old);
    *out = (gantry_usage){.bytes = (int64_t)(bytes + 0.5), .inodes = (int64_t)(inodes + 0.5)};
    return 0;
}

struct listener { gantry_snapshot_sink sink; void *context; };

static int hand_on(gantry_instance *all, const gantry_snapshot *snapshot, void *context) {
    (void)all;
    struct listener *listener = context;
    return listener->sink(listener->context, snapshot, 1);
}

static int32_t storage_walk(gantry_instance *all, gantry_snapshot_sink sink, void *context, gantry_error *error) {
    struct listener listener = {sink, context};
    int code = each(all, hand_on, &listener);
    return code ? fail(error, code, (gantry_bytes)TEXT("list")) : 0;
}

static const gantry_storage_vtable table = {
    .size = sizeof table, .open = storage_open, .close = storage_close, .prepare = storage_prepare, .view = storage_view, .mounts = storage_mounts,
    .commit = storage_commit, .remove = storage_remove, .usage = storage_usage, .walk = storage_walk, .cancel = storage_cancel};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_STORAGE, .name = TEXT("@NAME@"), .version = TEXT("0.1.0"),
    .summary = TEXT("Each snapshot a full copy"), .vtable = &table};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
