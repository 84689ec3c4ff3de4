/* Snapshots as whole trees: `a.<key>`, `v.<key>` and `c.<name>` in the state folder, each with `fs` and, in `parent`, the
 * parent's name. A name with `tmp.` in front is half made or half removed. */
#include "fixture.h"
#include <ftw.h>

struct gantry_instance { char *state; char *removed; };

static char *format(const char *pattern, const char *a, const char *b, const char *c, const char *d) {
    char *text = NULL;
    if (asprintf(&text, pattern, a, b, c, d) < 0) abort();
    return text;
}

static int run(char *command) {
    int status = system(command);
    free(command);
    return status ? EIO : 0;
}

static int valid(gantry_bytes key) {
    if (key.len < 1 || key.len > 128 || is_text(key, ".") || is_text(key, "..")) return 0;
    for (size_t i = 0; i < key.len; i++) {
        char c = ((const char *)key.ptr)[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-')) return 0;
    }
    return 1;
}

static int has(const char *path) {
    struct stat st;
    return !lstat(path, &st);
}

/* 'a', 'v', 'c', or 0. */
static char state_of(gantry_instance *s, const char *key) {
    for (const char *kind = "avc"; *kind; kind++) {
        char letter[2] = {*kind, 0}, *path = format("%s/%s.%s", s->state, letter, key, "");
        int found = has(path);
        free(path);
        if (found) return *kind;
    }
    return 0;
}

static char *parent_of(gantry_instance *s, char state, const char *key) {
    char letter[2] = {state, 0}, *path = format("%s/%s.%s/parent", s->state, letter, key, "");
    FILE *file = fopen(path, "re");
    char text[200] = "";
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = 0;
        fclose(file);
    }
    free(path);
    return strdup(text);
}

static int32_t storage_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (check_open(args, NULL, 0, error)) return error->code;
    gantry_instance *s = calloc(1, sizeof *s);
    s->state = text_of(args->state_dir);
    s->removed = strdup("");
    DIR *folder = opendir(s->state);
    int half = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) half |= !strncmp(entry->d_name, "tmp.", 4);
    if (folder) closedir(folder);
    if (half) run(format("rm -rf %s/tmp.*", s->state, "", "", ""));
    *out = s;
    return 0;
}

static void storage_close(gantry_instance *s) {
    free(s->removed);
    free(s->state);
    free(s);
}

static void give(gantry_instance *s, char state, const char *key, gantry_mount_sink sink, void *context) {
    char *parent = parent_of(s, state, key), letter[2] = {state, 0};
    char *source = state == 'v' && *parent ? format("%s/c.%s/fs", s->state, parent, "", "") : format("%s/%s.%s/fs", s->state, letter, key, "");
    unsigned long flags = MS_BIND;
#ifndef BUG_VIEW_IS_WRITABLE
    if (state == 'v') flags |= MS_RDONLY;
#endif
    gantry_mount mount = {bytes_of("bind"), bytes_of(source), bytes_of("/"), bytes_of(""), bytes_of(""), flags};
    sink(context, &mount, 1);
    free(source);
    free(parent);
}

#if defined BUG_LOSES_HARD_LINKS
#define COPY "cp -RP --preserve=mode,ownership,timestamps,xattr %s/c.%s/fs/. %s/fs%s"
#elif defined BUG_LOSES_ATTRIBUTES
#define COPY "cp -a --no-preserve=xattr %s/c.%s/fs/. %s/fs%s"
#elif defined BUG_FILLS_HOLES
#define COPY "cp -a --sparse=never %s/c.%s/fs/. %s/fs%s"
#else
#define COPY "cp -a %s/c.%s/fs/. %s/fs%s"
#endif

static int fill(gantry_instance *s, char state, const char *parent, const char *place) {
    char *fs = format("%s/fs", place, "", "", ""), *note = format("%s/parent", place, "", "", "");
    int code = mkdir(fs, 0755) || chmod(fs, 0755) ? errno : 0;
    if (!code && *parent && state == 'a') code = run(format(COPY, s->state, parent, place, ""));
#ifdef BUG_SHOWS_DELETED_FILES
    char *above = *parent ? parent_of(s, 'c', parent) : strdup("");
    if (!code && *above && state == 'a') run(format("find %s/c.%s/fs -maxdepth 1 -type f -exec cp -an {} %s/fs ';'%s", s->state, above, place, ""));
    free(above);
#endif
    if (!code) {
        int fd = open(note, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, parent, strlen(parent)) != (ssize_t)strlen(parent)) code = errno ? errno : EIO;
        if (fd >= 0) close(fd);
    }
    free(fs);
    free(note);
    return code;
}

static int32_t begin(gantry_instance *s, char state, gantry_bytes key_bytes, gantry_bytes parent_bytes, gantry_mount_sink sink, void *context, gantry_error *error) {
#ifndef BUG_TAKES_ANY_KEY
    if (!valid(key_bytes)) return fail(error, EINVAL, "the key is not allowed");
#else
    if (!valid(key_bytes) && !is_text(key_bytes, "a b")) return fail(error, EINVAL, "the key is not allowed");
#endif
    char *key = text_of(key_bytes), *parent = text_of(parent_bytes), letter[2] = {state, 0};
    char *place = format("%s/tmp.%s", s->state, key, "", ""), *path = format("%s/%s.%s", s->state, letter, key, "");
    int code = state_of(s, key) ? EEXIST : 0;
    if (!code && *parent && state_of(s, parent) != 'c') code = state_of(s, parent) ? EINVAL : ENOENT;
#ifdef BUG_MAKES_IN_PLACE
    free(place);
    place = strdup(path);
#endif
    if (!code) {
        code = mkdir(place, 0700) ? errno : fill(s, state, parent, place);
        if (!code && strcmp(place, path) && rename(place, path)) code = errno;
        if (code) run(format("rm -rf %s", place, "", "", ""));
    }
    if (!code) give(s, state, key, sink, context);
    free(place);
    free(path);
    free(key);
    free(parent);
    return code ? fail(error, code, "the snapshot can't be made") : 0;
}

static int32_t storage_prepare(gantry_instance *s, gantry_bytes key, gantry_bytes parent, gantry_mount_sink sink, void *context, gantry_error *error) {
    return begin(s, 'a', key, parent, sink, context, error);
}

static int32_t storage_view(gantry_instance *s, gantry_bytes key, gantry_bytes parent, gantry_mount_sink sink, void *context, gantry_error *error) {
    return begin(s, 'v', key, parent, sink, context, error);
}

static int32_t storage_mounts(gantry_instance *s, gantry_bytes key_bytes, gantry_mount_sink sink, void *context, gantry_error *error) {
    char *key = text_of(key_bytes), state = state_of(s, key);
    int code = !state ? ENOENT : 0;
#ifndef BUG_COMMIT_STAYS_WRITABLE
    if (state == 'c') code = EINVAL;
#endif
    if (!code) give(s, state, key, sink, context);
    free(key);
    return code ? fail(error, code, "the snapshot can't be mounted") : 0;
}

static int32_t storage_commit(gantry_instance *s, gantry_bytes key_bytes, gantry_bytes name_bytes, gantry_error *error) {
    if (!valid(name_bytes)) return fail(error, EINVAL, "the name is not allowed");
    char *key = text_of(key_bytes), *name = text_of(name_bytes), state = state_of(s, key);
    char *from = format("%s/a.%s", s->state, key, "", ""), *to = format("%s/c.%s", s->state, name, "", "");
    int code = !state ? ENOENT : state != 'a' ? EINVAL : state_of(s, name) ? EEXIST : 0;
#ifdef BUG_HANGS_ON_COMMIT_OF_VIEW
    if (state == 'v') for (;;) pause();
#endif
#ifndef BUG_COMMITS_WITHOUT_SYNC
    int fd = code ? -1 : open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!code && (fd < 0 || syncfs(fd))) code = errno;
    if (fd >= 0) close(fd);
#endif
    if (!code && rename(from, to)) code = errno;
#ifdef BUG_FAILS_AFTER_COMMIT
    if (code == EIO) rename(from, to), run(format("rm -rf %s/fs/*%s%s%s", to, "", "", ""));
#endif
    free(from);
    free(to);
    free(key);
    free(name);
    return code ? fail(error, code, "the snapshot can't be committed") : 0;
}

static int children(gantry_instance *s, const char *name) {
    int found = 0;
    DIR *folder = opendir(s->state);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!entry->d_name[0] || entry->d_name[1] != '.' || !entry->d_name[2] || !strcmp(entry->d_name, "..")) continue;
        char *parent = parent_of(s, entry->d_name[0], entry->d_name + 2);
        found += !strcmp(parent, name);
        free(parent);
    }
    closedir(folder);
    return found;
}

static int32_t storage_remove(gantry_instance *s, gantry_bytes key_bytes, gantry_error *error) {
    char *key = text_of(key_bytes), state = state_of(s, key), letter[2] = {state, 0};
    int code = state ? 0 : ENOENT;
#ifdef BUG_CRASHES_ON_SECOND_REMOVE
    if (code && !strcmp(key, s->removed)) *(volatile int *)8 = 1;
#endif
#ifndef BUG_REMOVES_PARENTS
    if (state == 'c' && children(s, key)) code = EBUSY;
#endif
    if (!code) {
        char *path = format("%s/%s.%s", s->state, letter, key, ""), *gone = format("%s/tmp.gone.%s", s->state, key, "", "");
        code = rename(path, gone) ? errno : run(format("rm -rf %s", gone, "", "", ""));
        free(path);
        free(gone);
        free(s->removed);
        s->removed = strdup(key);
    }
    free(key);
    return code ? fail(error, code, "the snapshot can't be removed") : 0;
}

/* What nftw's callback works on; calls are serial. */
static struct { gantry_usage usage; size_t root, linked; ino_t inodes[1000]; char *parent; } count;

static int add(const char *path, const struct stat *st, int type, struct FTW *place) {
    (void)type;
    if (!place->level) return 0;
    for (size_t i = 0; i < count.linked; i++) if (count.inodes[i] == st->st_ino) return 0;
    if (st->st_nlink > 1 && !S_ISDIR(st->st_mode) && count.linked < 1000) count.inodes[count.linked++] = st->st_ino;
    if (count.parent) {
        char *old = format("%s%s", count.parent, path + count.root, "", "");
        struct stat before;
        int same = !lstat(old, &before) && before.st_size == st->st_size && before.st_mtim.tv_sec == st->st_mtim.tv_sec && before.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
        free(old);
        if (same) return 0;
    }
    count.usage.bytes += st->st_blocks * 512;
    count.usage.inodes++;
    return 0;
}

static int32_t storage_usage(gantry_instance *s, gantry_bytes key_bytes, gantry_usage *out, gantry_error *error) {
    char *key = text_of(key_bytes), state = state_of(s, key), letter[2] = {state, 0};
    (void)out;
    if (state) {
        char *parent = parent_of(s, state, key), *root = format("%s/%s.%s/fs", s->state, letter, key, "");
        memset(&count, 0, sizeof count);
        count.root = strlen(root);
        if (*parent) count.parent = format("%s/c.%s/fs", s->state, parent, "", "");
        nftw(root, add, 32, FTW_PHYS);
        free(count.parent);
        free(root);
        free(parent);
#ifndef BUG_USAGE_IS_ZERO
        *out = count.usage;
#endif
    }
    free(key);
    return state ? 0 : fail(error, ENOENT, "the snapshot is not there");
}

static int32_t storage_walk(gantry_instance *s, gantry_snapshot_sink sink, void *context, gantry_error *error) {
    DIR *folder = opendir(s->state);
    if (!folder) return fail(error, errno, "the folder can't be read");
    int stop = 0;
    for (struct dirent *entry; !stop && (entry = readdir(folder));) {
        char state = entry->d_name[0];
        if (entry->d_name[1] != '.' || !entry->d_name[2] || (state != 'a' && state != 'v' && state != 'c')) continue;
        char *parent = parent_of(s, state, entry->d_name + 2), *path = format("%s/%s/parent", s->state, entry->d_name, "", "");
        struct stat st = {0};
        stat(path, &st);
        gantry_snapshot snapshot = {bytes_of(entry->d_name + 2), bytes_of(parent), state == 'a' ? GANTRY_SNAPSHOT_ACTIVE : state == 'v' ? GANTRY_SNAPSHOT_VIEW : GANTRY_SNAPSHOT_COMMITTED, 0,
            (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec};
        stop = sink(context, &snapshot, 1);
#ifdef BUG_WALK_REPEATS
        if (!stop && state == 'v') stop = sink(context, &snapshot, 1);
#endif
        free(parent);
        free(path);
    }
    closedir(folder);
    return 0;
}

static const gantry_storage_vtable table = {
    .size = sizeof table, .open = storage_open, .close = storage_close, .prepare = storage_prepare, .view = storage_view, .mounts = storage_mounts,
    .commit = storage_commit, .remove = storage_remove, .usage = storage_usage, .walk = storage_walk};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_STORAGE, .name = TEXT("seeded"), .version = TEXT("1.0"),
    .summary = TEXT("Whole trees"), .vtable = &table};

ENTRY(const gantry_host *host, gantry_error *error) {
    (void)host;
    (void)error;
    return &driver;
}
