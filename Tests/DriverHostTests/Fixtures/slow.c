/* A log driver whose reads misbehave, by the query's `since`:
 *   1  hangs and is deaf to cancel, until the file `release` appears in the state folder
 *   2  waits until it is cancelled
 *   3  takes some ms and fails if another call is in the same instance
 * Anything else gives one line. */
#include "gantry_driver.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT(S) {(S), sizeof(S) - 1}

struct gantry_instance { char release[400]; atomic_int cancelled, inside; };

static int32_t fail(gantry_error *error, int32_t code, const char *why) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s", why);
    return code;
}

static int32_t slow_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    gantry_instance *slow = calloc(1, sizeof *slow);
    if (!slow) return fail(error, ENOMEM, "no memory");
    snprintf(slow->release, sizeof slow->release, "%.*s/release", (int)args->state_dir.len, (const char *)args->state_dir.ptr);
    *out = slow;
    return 0;
}
static void slow_close(gantry_instance *slow) { memset(slow, 0x5a, sizeof *slow); free(slow); }
static void slow_cancel(gantry_instance *slow) { atomic_store(&slow->cancelled, 1); }
static int32_t slow_write(gantry_instance *slow, const gantry_log_line *lines, size_t count, gantry_error *error) {
    (void)slow; (void)lines; (void)count; (void)error;
    return 0;
}

static int32_t slow_read(gantry_instance *slow, const gantry_log_query *query, gantry_line_sink sink, void *context, gantry_error *error) {
    if (atomic_fetch_add(&slow->inside, 1) != 0) return fail(error, EIO, "two calls at once");
    atomic_store(&slow->cancelled, 0);
    int32_t code = 0;
    if (query->since_ns == 1) while (access(slow->release, F_OK) != 0) usleep(2000);
    if (query->since_ns == 2) {
        while (!atomic_load(&slow->cancelled)) usleep(1000);
        code = fail(error, ECANCELED, "cancelled while waiting");
    }
    if (query->since_ns == 3) usleep(3000);
    gantry_log_line line = {.data = TEXT("a line"), .stream = GANTRY_STREAM_STDOUT};
    if (!code) sink(context, &line, 1);
    atomic_fetch_sub(&slow->inside, 1);
    return code;
}

static const gantry_log_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_READ, .open = slow_open, .close = slow_close, .write = slow_write, .read = slow_read,
    .cancel = slow_cancel};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_LOG, .name = TEXT("slow"), .version = TEXT("1.0"),
    .summary = TEXT("Hangs when told"), .vtable = &table};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host; (void)error;
    return &driver;
}
