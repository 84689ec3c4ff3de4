/* A log driver in plain C against the header alone: keeps the last 128 lines of each log in memory. All readers and
 * the writer of one log share them, by the log's name. */
#include "gantry_driver.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 128
#define TEXT(S) {(S), sizeof(S) - 1}

struct log {
    struct log *next;
    char name[80];
    gantry_log_line line[LINES];
    char *text[LINES];
    size_t end, count;
};
struct gantry_instance { struct log *log; int reads; };

static struct log *logs;

static int32_t fail(gantry_error *error, int32_t code, const char *why) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s", why);
    return code;
}

static struct log *find(gantry_bytes name) {
    for (struct log *l = logs; l; l = l->next)
        if (strlen(l->name) == name.len && !memcmp(l->name, name.ptr, name.len)) return l;
    struct log *l = calloc(1, sizeof *l);
    if (!l || name.len >= sizeof l->name) { free(l); return NULL; }
    memcpy(l->name, name.ptr, name.len);
    l->next = logs;
    return logs = l;
}

static int32_t ring_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    for (size_t i = 0; i < args->option_count; i++)
        if (args->options[i].key.len == 4 && !memcmp(args->options[i].key.ptr, "fail", 4)) return fail(error, EINVAL, "asked to fail");
    gantry_instance *ring = calloc(1, sizeof *ring);
    if (!ring || !(ring->log = find(args->name))) { free(ring); return fail(error, ENOMEM, "no memory for the ring"); }
    ring->reads = args->flags & GANTRY_OPEN_READ;
    *out = ring;
    return 0;
}

static void ring_close(gantry_instance *ring) { free(ring); }

static int32_t ring_write(gantry_instance *ring, const gantry_log_line *lines, size_t count, gantry_error *error) {
    if (ring->reads) return fail(error, EBADF, "opened to read");
    struct log *log = ring->log;
    for (size_t i = 0; i < count; i++) {
        size_t place = log->end++ % LINES;
        char *text = realloc(log->text[place], lines[i].data.len + 1);
        if (!text) return fail(error, ENOMEM, "no memory for a line");
        memcpy(text, lines[i].data.ptr, lines[i].data.len);
        log->text[place] = text;
        log->line[place] = lines[i];
        log->line[place].data.ptr = text;
        log->line[place].next = (gantry_log_cursor){1, log->end};
        if (log->count < LINES) log->count++;
    }
    return 0;
}

static int32_t ring_read(gantry_instance *ring, const gantry_log_query *query, gantry_line_sink sink, void *context, gantry_error *error) {
    (void)error;
    struct log *log = ring->log;
    size_t first = log->end - log->count;
    if (query->from.epoch && query->from.offset > first) first = query->from.offset;
    if (query->tail >= 0 && (size_t)query->tail < log->end - first) first = log->end - (size_t)query->tail;
    for (size_t i = first; i < log->end; i++)
        if (sink(context, &log->line[i % LINES], 1)) break;
    return 0;
}

static const gantry_log_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_READ, .open = ring_open, .close = ring_close, .write = ring_write, .read = ring_read};
static const gantry_option options[] = {{TEXT("fail"), TEXT("false"), TEXT("Refuse to open"), GANTRY_OPTION_BOOLEAN, 0}};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_LOG, .name = TEXT("ring"), .version = TEXT("1.0"),
    .summary = TEXT("Keeps lines in memory"), .vtable = &table, .options = options, .option_count = 1};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    if (host->abi_version >> 16 != GANTRY_ABI_MAJOR) { fail(error, EPROTO, "needs driver contract 1.x"); return NULL; }
    gantry_bytes hello = TEXT("the ring is here");
    host->log(host->context, 1, hello);
    return &driver;
}
