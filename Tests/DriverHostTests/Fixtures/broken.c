/* Drivers that must be refused, one for each CASE. */
#include "gantry_driver.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifndef NAME
#define NAME "broken"
#endif
#define TEXT(S) {(S), sizeof(S) - 1}

static int32_t bad_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory; (void)args; (void)error;
    *out = (gantry_instance *)1;
    return 0;
}
static void bad_close(gantry_instance *instance) { (void)instance; }
static int32_t bad_write(gantry_instance *instance, const gantry_log_line *lines, size_t count, gantry_error *error) {
    (void)instance; (void)lines; (void)count; (void)error;
    return 0;
}

static const gantry_log_vtable table = {
    .size =
#if CASE == 3 /* the author's size ends before write */
        offsetof(gantry_log_vtable, write),
#else
        sizeof table,
#endif
#if CASE == 10 /* says that it reads */
    .caps = GANTRY_CAP_READ,
#endif
    .open = bad_open, .close = bad_close,
#if CASE != 2
    .write = bad_write,
#endif
};

static const gantry_driver driver = {
    .size = CASE == 6 ? 12 : sizeof driver,
    .abi_version = CASE == 1 ? 2u << 16 : CASE == 7 ? (1u << 16 | 9) : GANTRY_ABI_VERSION,
    .kind = CASE == 11 ? 9 : CASE == 12 ? GANTRY_KIND_VOLUME : GANTRY_KIND_LOG,
    .name = TEXT(NAME),
    .version = {CASE == 16 ? "1/../2" : "1", CASE == 13 ? 0 : CASE == 16 ? 6 : 1},
    .summary = TEXT("Broken"),
    .vtable = CASE == 14 ? NULL : &table,
};

#if CASE == 4
#define gantry_driver_entry_v1 gantry_driver_entry_v2
const gantry_driver *gantry_driver_entry_v2(const gantry_host *host, gantry_error *error);
#endif
#if CASE == 5
extern int nowhere_to_be_found(void);
#endif

#if CASE == 9
__attribute__((constructor)) static void constructor(void) { close(open(MARK, O_CREAT | O_WRONLY, 0600)); }
#else
__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host;
#if CASE == 5
    if (nowhere_to_be_found()) return NULL;
#endif
    if (CASE == 8) {
        error->code = 38;
        error->len = (uint32_t)snprintf(error->text, sizeof error->text, "the kernel module nbd is not there");
        return NULL;
    }
    if (CASE == 15) return NULL;
    return &driver;
}
#endif
