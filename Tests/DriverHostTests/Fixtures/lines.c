/* A log driver that keeps lines in the file `lines.log` of its state folder, one after the other, and reads them back.
 * A cursor is an offset in the file. With the option `gate` a write waits until the file of that name is there, and says
 * so by making one with ".waiting" behind its name; so does an open, for writing, with the option `door`. */
#include "gantry_driver.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Microseconds that each line takes. */
#ifndef DELAY
#define DELAY 0
#endif
#ifndef VERSION
#define VERSION "1.0"
#endif
#define TEXT(S) {(S), sizeof(S) - 1}

struct gantry_instance { int file; char gate[300]; };

static int32_t fail(gantry_error *error, const char *what) {
    error->code = errno ? errno : EIO;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s: %s", what, strerror(error->code));
    return error->code;
}

static void pass(const char *gate) {
    char waiting[320];
    snprintf(waiting, sizeof waiting, "%s.waiting", gate);
    while (*gate && access(gate, F_OK)) {
        close(open(waiting, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        usleep(1000);
    }
}
static void take(const gantry_open_args *args, const char *name, char *value, size_t size) {
    for (size_t i = 0; i < args->option_count; i++) {
        gantry_bytes key = args->options[i].key, text = args->options[i].value;
        if (key.len == strlen(name) && !memcmp(key.ptr, name, key.len)) snprintf(value, size, "%.*s", (int)text.len, (const char *)text.ptr);
    }
}

static int32_t lines_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    char path[600];
    snprintf(path, sizeof path, "%.*s/lines.log", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    int file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(error, path);
    *out = calloc(1, sizeof **out);
    (*out)->file = file;
    char door[300] = "";
    take(args, "gate", (*out)->gate, sizeof (*out)->gate);
    take(args, "door", door, sizeof door);
    if (!(args->flags & GANTRY_OPEN_READ)) pass(door);
    return 0;
}
static void lines_close(gantry_instance *log) {
    close(log->file);
    free(log);
}
static int32_t lines_write(gantry_instance *log, const gantry_log_line *lines, size_t count, gantry_error *error) {
    pass(log->gate);
    size_t size = 0, place = 0;
    for (size_t i = 0; i < count; i++) size += lines[i].data.len + 1;
    char *text = malloc(size + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + place, lines[i].data.ptr, lines[i].data.len);
        place += lines[i].data.len;
        text[place++] = '\n';
    }
    usleep(DELAY * count);
    int bad = write(log->file, text, size) != (ssize_t)size;
    free(text);
    return bad ? fail(error, "write") : 0;
}
static int32_t lines_read(gantry_instance *log, const gantry_log_query *query, gantry_line_sink sink, void *context, gantry_error *error) {
    struct stat status;
    if (fstat(log->file, &status)) return fail(error, "stat");
    char *text = malloc(status.st_size + 1);
    ssize_t size = pread(log->file, text, status.st_size, 0);
    size_t start = query->from.offset;
    long wanted = query->tail;
    if (wanted >= 0) {
        for (start = size > 0 ? size - 1 : 0; start > 0 && (text[start - 1] != '\n' || --wanted > 0); start--) {}
    }
    for (ssize_t i = start; i < size; i++) {
        if (text[i] != '\n') continue;
        gantry_log_line line = {.data = {text + start, i - start}, .time_ns = 1, .stream = GANTRY_STREAM_STDOUT, .next = {0, i + 1}};
        start = i + 1;
        if (sink(context, &line, 1)) break;
    }
    free(text);
    return 0;
}

static const gantry_log_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_READ, .open = lines_open, .close = lines_close, .write = lines_write, .read = lines_read};
static const gantry_option options[] = {
    {.name = TEXT("gate"), .summary = TEXT("File without which nothing is written"), .type = GANTRY_OPTION_STRING},
    {.name = TEXT("door"), .summary = TEXT("File without which it does not open"), .type = GANTRY_OPTION_STRING}};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_LOG, .name = TEXT("lines"), .version = TEXT(VERSION),
    .summary = TEXT("Lines in a file"), .vtable = &table, .options = options, .option_count = 2};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host; (void)error;
    return &driver;
}
