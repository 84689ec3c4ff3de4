/* @NAME@: a log driver that keeps lines in the file `log` of its state folder. A record is a struct and the line's bytes.
 * The contract is gantry_driver.h; the author's guide is README.md of the SDK. */
#include "gantry_driver.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT(S) {(S), sizeof(S) - 1}

struct gantry_instance { int file; char path[600]; };
struct record { int64_t time; uint32_t length; uint16_t stream, flags; };

/* A call that fails gives an errno and a sentence that names the object. */
static int32_t fail(gantry_error *error, int32_t code, const char *what) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s: %s", what, strerror(code));
    return code;
}

/* How many bytes of the file are whole records: a crash may have torn the last one. */
static off_t whole(int file, off_t size) {
    off_t place = 0;
    for (struct record record; place + (off_t)sizeof record <= size && pread(file, &record, sizeof record, place) == sizeof record;) {
        off_t next = place + (off_t)sizeof record + record.length;
        if (next > size) break;
        place = next;
    }
    return place;
}

static int32_t log_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (args->option_count > 0) return fail(error, EINVAL, "@NAME@ has no options");
    gantry_instance *log = calloc(1, sizeof *log);
    if (!log) return fail(error, ENOMEM, "@NAME@");
    snprintf(log->path, sizeof log->path, "%.*s/log", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    log->file = open(log->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct stat status;
    if (log->file < 0 || fstat(log->file, &status)) {
        int code = errno;
        free(log);
        return fail(error, code, "open the log");
    }
    if (!(args->flags & GANTRY_OPEN_READ) && ftruncate(log->file, whole(log->file, status.st_size))) {}
    *out = log;
    return 0;
}

static void log_close(gantry_instance *log) {
    close(log->file);
    free(log);
}

static int32_t log_write(gantry_instance *log, const gantry_log_line *lines, size_t count, gantry_error *error) {
    size_t size = 0, place = 0;
    for (size_t i = 0; i < count; i++) size += sizeof(struct record) + lines[i].data.len;
    if (!size) return 0;
    char *bytes = malloc(size);
    if (!bytes) return fail(error, ENOMEM, log->path);
    for (size_t i = 0; i < count; i++) {
        struct record record = {lines[i].time_ns, (uint32_t)lines[i].data.len, lines[i].stream, lines[i].flags};
        memcpy(bytes + place, &record, sizeof record);
        if (record.length) memcpy(bytes + place + sizeof record, lines[i].data.ptr, record.length);
        place += sizeof record + record.length;
    }
    off_t before = lseek(log->file, 0, SEEK_END);
    ssize_t written = write(log->file, bytes, size);
    int code = written < 0 ? errno : ENOSPC;
    free(bytes);
    if (written == (ssize_t)size) return 0;
    /* Nothing stays behind of a batch that was not acknowledged. */
    if (ftruncate(log->file, before)) {}
    return fail(error, code, log->path);
}

static int matches(const struct record *record, const gantry_log_query *query) {
    return record->time >= query->since_ns && (!query->until_ns || record->time <= query->until_ns);
}

static int32_t log_read(gantry_instance *log, const gantry_log_query *query, gantry_line_sink sink, void *context, gantry_error *error) {
    struct stat status;
    if (fstat(log->file, &status)) return fail(error, errno, log->path);
    off_t end = whole(log->file, status.st_size);
    char *bytes = malloc(end + 1);
    if (!bytes || pread(log->file, bytes, end, 0) != end) {
        free(bytes);
        return fail(error, EIO, log->path);
    }
    /* `tail` counts whole lines: a part belongs to the line that it begins. */
    long lines = 0, seen = 0;
    for (off_t place = 0; place < end;) {
        struct record record;
        memcpy(&record, bytes + place, sizeof record);
        if (place >= (off_t)query->from.offset && matches(&record, query) && !(record.flags & GANTRY_LINE_PARTIAL)) lines++;
        place += sizeof record + record.length;
    }
    for (off_t place = 0; place < end;) {
        struct record record;
        memcpy(&record, bytes + place, sizeof record);
        off_t next = place + (off_t)sizeof record + record.length;
        if (place >= (off_t)query->from.offset && matches(&record, query)) {
            gantry_log_line line = {
                .data = {bytes + place + sizeof record, record.length}, .time_ns = record.time, .stream = record.stream, .flags = record.flags, .next = {0, next}};
            if ((query->tail < 0 || lines - seen <= query->tail) && sink(context, &line, 1)) break;
            if (!(record.flags & GANTRY_LINE_PARTIAL)) seen++;
        }
        place = next;
    }
    free(bytes);
    return 0;
}

static int32_t log_remove(gantry_instance *log, gantry_error *error) {
    return unlink(log->path) && errno != ENOENT ? fail(error, errno, log->path) : 0;
}

static const gantry_log_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_READ, .open = log_open, .close = log_close, .write = log_write, .read = log_read, .remove = log_remove};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_LOG, .name = TEXT("@NAME@"), .version = TEXT("0.1.0"),
    .summary = TEXT("Lines in one file"), .vtable = &table};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
