/* What the drivers of these tests share. Each is right as it stands and wrong with -DBUG_<NAME>. */
#ifndef FIXTURE_H
#define FIXTURE_H
#define _GNU_SOURCE
#include "gantry_driver.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT(S) {(S), sizeof(S) - 1}
#define ENTRY __attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1

static int32_t fail(gantry_error *error, int32_t code, const char *what) {
    error->code = code;
    error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s: %s", what, strerror(code));
    return code;
}

static char *text_of(gantry_bytes bytes) {
    char *text = malloc(bytes.len + 1);
    if (bytes.len) memcpy(text, bytes.ptr, bytes.len);
    text[bytes.len] = 0;
    return text;
}

static int is_text(gantry_bytes bytes, const char *text) { return bytes.len == strlen(text) && !memcmp(bytes.ptr, text, bytes.len); }

static gantry_bytes bytes_of(const char *text) { return (gantry_bytes){text, strlen(text)}; }

/* What every driver checks when it is opened. */
static int32_t check_open(const gantry_open_args *args, const gantry_option *known, size_t count, gantry_error *error) {
#ifdef BUG_EXACT_SIZE
    if (args->size != sizeof *args) return fail(error, EINVAL, "gantry_open_args has another size");
#endif
#ifndef BUG_TAKES_UNKNOWN_OPTIONS
    for (size_t i = 0; i < args->option_count; i++) {
        int found = 0;
        for (size_t k = 0; k < count; k++) found |= known[k].name.len == args->options[i].key.len && !memcmp(known[k].name.ptr, args->options[i].key.ptr, known[k].name.len);
        if (!found) return fail(error, EINVAL, "an option that this driver does not know");
    }
#endif
#ifdef BUG_LEAKS_DESCRIPTOR
    fcntl(0, F_DUPFD_CLOEXEC, 10);
#endif
#ifdef BUG_LEAKS_MEMORY
    static void *volatile forgotten;
    forgotten = malloc(40000);
    memset(forgotten, 1, 40000);
#endif
    (void)args, (void)known, (void)count, (void)error;
    return 0;
}
#endif
