/* Lines as frames in files of the state folder: `log`, then `log.1`, the newest of the full ones, and so on. */
#include "fixture.h"

#define MAGIC 0x676c6f67u
#define FILES 9

struct frame { uint32_t magic, length; int64_t time; uint16_t stream, flags; uint32_t check; };
struct gantry_instance { char *folder; int fd; int reads; long size, max_size; int max_file; pthread_mutex_t lock; };

static const gantry_option options[] = {
    {TEXT("max-size"), TEXT("-1"), TEXT("Bytes of a file"), GANTRY_OPTION_SIZE, 0}, {TEXT("max-file"), TEXT("1"), TEXT("Number of files"), GANTRY_OPTION_INTEGER, 0}};

static char *path_of(const char *folder, int number) {
    char *path;
    if (number ? asprintf(&path, "%s/log.%d", folder, number) : asprintf(&path, "%s/log", folder)) {}
    return path;
}

static uint32_t checksum(const struct frame *f, const unsigned char *data) {
    uint32_t sum = f->length * 31 + (uint32_t)f->time + f->stream * 7 + f->flags;
    for (uint32_t i = 0; i < f->length; i++) sum = sum * 31 + data[i];
    return sum;
}

/* The whole frame at `at` of a file in memory; its size, or 0. */
static size_t whole(const unsigned char *data, size_t size, size_t at, struct frame *f) {
    if (size - at < sizeof *f) return 0;
    memcpy(f, data + at, sizeof *f);
    if (f->magic != MAGIC || f->length > size - at - sizeof *f) return 0;
    return checksum(f, data + at + sizeof *f) == f->check ? sizeof *f + f->length : 0;
}

static unsigned char *contents(const char *path, size_t *size, uint64_t *epoch) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    struct stat st;
    fstat(fd, &st);
    unsigned char *data = malloc((size_t)st.st_size + 1);
    ssize_t count = read(fd, data, (size_t)st.st_size);
    close(fd);
    *size = count > 0 ? (size_t)count : 0;
    *epoch = st.st_ino;
    return data;
}

static int32_t open_files(gantry_instance *log, gantry_error *error) {
    char *path = path_of(log->folder, 0);
    log->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    size_t size = 0, good = 0, step;
    uint64_t epoch;
    unsigned char *data = contents(path, &size, &epoch);
    struct frame f;
    free(path);
    if (log->fd < 0) return fail(error, errno, "the log can't be opened");
    while ((step = whole(data, size, good, &f))) good += step;
    free(data);
#ifdef BUG_KEEPS_TORN_TAIL
    good = size;
#endif
    if (good < size && ftruncate(log->fd, (off_t)good)) return fail(error, errno, "the log can't be repaired");
    log->size = (long)good;
    return 0;
}

static long size_of(gantry_bytes value) {
    char *text = text_of(value), *end;
    double number = strtod(text, &end);
    if (*end == 'k') number *= 1000;
    if (*end == 'm') number *= 1e6;
    free(text);
    return number > 0 && number < 1e15 ? (long)number : 0;
}

static int32_t log_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (check_open(args, options, 2, error)) return error->code;
    gantry_instance *log = calloc(1, sizeof *log);
    log->folder = text_of(args->state_dir);
    log->reads = args->flags & GANTRY_OPEN_READ;
    log->fd = -1;
    log->max_file = 1;
    pthread_mutex_init(&log->lock, NULL);
    for (size_t i = 0; i < args->option_count; i++) {
        if (is_text(args->options[i].key, "max-size")) log->max_size = size_of(args->options[i].value);
        if (is_text(args->options[i].key, "max-file")) log->max_file = (int)size_of(args->options[i].value);
    }
    if (log->max_file < 1 || log->max_file > FILES) log->max_file = 1;
    if (!log->reads && open_files(log, error)) {
        if (log->fd >= 0) close(log->fd);
        free(log->folder);
        free(log);
        return error->code;
    }
    *out = log;
    return 0;
}

static void log_close(gantry_instance *log) {
    if (log->fd >= 0) close(log->fd);
    free(log->folder);
    free(log);
}

static int32_t rotate(gantry_instance *log, gantry_error *error) {
    for (int i = log->max_file - 1; i > 0; i--) {
        char *from = path_of(log->folder, i - 1), *to = path_of(log->folder, i);
        rename(from, to);
        free(from);
        free(to);
    }
    if (log->max_file == 1 && ftruncate(log->fd, 0)) return fail(error, errno, "the log can't be emptied");
    close(log->fd);
    return open_files(log, error);
}

static int32_t log_write(gantry_instance *log, const gantry_log_line *lines, size_t count, gantry_error *error) {
#ifdef BUG_CRASHES_ON_NO_LINES
    if (!count) *(volatile int *)8 = 1;
#endif
    size_t size = 0, first = 0;
    if (log->max_size && log->size >= log->max_size) {
        if (rotate(log, error)) return error->code;
#ifdef BUG_LOSES_LINE_AT_ROTATION
        first = 1;
#endif
    }
    for (size_t i = first; i < count; i++) size += sizeof(struct frame) + lines[i].data.len;
    unsigned char *buffer = malloc(size + 1), *end = buffer;
    for (size_t i = first; i < count; i++) {
        struct frame f = {MAGIC, (uint32_t)lines[i].data.len, lines[i].time_ns, lines[i].stream, lines[i].flags, 0};
#ifdef BUG_STDERR_AS_STDOUT
        f.stream = GANTRY_STREAM_STDOUT;
#endif
#ifdef BUG_FORGETS_PARTS
        f.flags = 0;
#endif
#ifdef BUG_TIME_IN_MICROSECONDS
        f.time -= f.time % 1000;
#endif
#ifdef BUG_NUL_ENDS_LINE
        if (memchr(lines[i].data.ptr, 0, f.length)) f.length = (uint32_t)strlen(lines[i].data.ptr);
#endif
#ifdef BUG_CUTS_LONG_LINES
        if (f.length > 65536) f.length = 65536;
#endif
        f.check = checksum(&f, lines[i].data.ptr);
        memcpy(end, &f, sizeof f);
        memcpy(end + sizeof f, lines[i].data.ptr, f.length);
        end += sizeof f + f.length;
    }
    size = (size_t)(end - buffer);
    ssize_t done = size ? write(log->fd, buffer, size) : 0;
    int code = done < 0 ? errno : ENOSPC;
    free(buffer);
    if (done == (ssize_t)size) {
        log->size += done;
        return 0;
    }
    if (done > 0 && ftruncate(log->fd, log->size)) code = EIO;
#ifdef BUG_SWALLOWS_FULL_DISK
    if (code == ENOSPC) return 0;
#endif
#ifdef BUG_SWALLOWS_IO_ERROR
    if (code == EIO) return 0;
#endif
    return fail(error, code, "the log can't be written");
}

struct found { gantry_log_line *lines; size_t count, room; };

static void load(gantry_instance *log, const gantry_log_query *query, struct found *found, unsigned char **kept) {
    uint64_t epoch;
    int first = FILES;
    size_t size, at = 0;
    for (int i = FILES - 1; i >= 0 && query->from.epoch; i--) {
        char *path = path_of(log->folder, i);
        struct stat st;
        if (!stat(path, &st) && st.st_ino == query->from.epoch) first = i, at = query->from.offset;
        free(path);
    }
    for (int i = first < FILES ? first : FILES - 1; i >= 0; i--) {
        char *path = path_of(log->folder, i);
        unsigned char *data = contents(path, &size, &epoch);
        free(path);
        if (i != first) at = 0;
        kept[i] = data;
        struct frame f;
        for (size_t step; data && (step = whole(data, size, at, &f)); at += step) {
            if (query->since_ns && f.time < query->since_ns) continue;
#ifdef BUG_UNTIL_IS_EXCLUSIVE
            if (query->until_ns && f.time >= query->until_ns) continue;
#endif
            if (query->until_ns && f.time > query->until_ns) continue;
            if (found->count == found->room) found->lines = realloc(found->lines, sizeof *found->lines * (found->room = found->room * 2 + 64));
            found->lines[found->count++] =
                (gantry_log_line){{data + at + sizeof f, f.length}, f.time, f.stream, f.flags, 0, {epoch, at + step}};
        }
    }
}

static int32_t log_read(gantry_instance *log, const gantry_log_query *query, gantry_line_sink sink, void *context, gantry_error *error) {
    (void)error;
    struct found found = {0};
    unsigned char *kept[FILES] = {0};
    load(log, query, &found, kept);
    size_t first = 0;
    if (query->tail >= 0) {
        int64_t wanted = query->tail;
        for (first = found.count; first > 0; first--) {
#ifdef BUG_TAIL_COUNTS_PARTS
            if (wanted-- == 0) break;
#else
            if (!(found.lines[first - 1].flags & GANTRY_LINE_PARTIAL) && wanted-- == 0) break;
#endif
        }
    }
    for (size_t i = first; i < found.count; i += 100) {
        if (!sink(context, found.lines + i, found.count - i < 100 ? found.count - i : 100)) continue;
#ifdef BUG_HANGS_WHEN_STOPPED
        for (;;) pause();
#endif
        break;
    }
    free(found.lines);
    for (int i = 0; i < FILES; i++) free(kept[i]);
    return 0;
}

static int32_t log_remove(gantry_instance *log, gantry_error *error) {
    (void)log, (void)error;
#ifndef BUG_REMOVES_NOTHING
    for (int i = 0; i < FILES; i++) {
        char *path = path_of(log->folder, i);
        unlink(path);
        free(path);
    }
#endif
    return 0;
}

static const gantry_log_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_READ, .open = log_open, .close = log_close, .write = log_write, .read = log_read, .remove = log_remove};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_LOG, .name = TEXT("seeded"), .version = TEXT("1.0"),
    .summary = TEXT("Frames in files"), .vtable = &table, .options = options, .option_count = 2};

ENTRY(const gantry_host *host, gantry_error *error) {
#ifdef BUG_CRASHES_AT_ENTRY
    *(volatile int *)8 = 1;
#endif
    (void)host;
    (void)error;
    return &driver;
}
