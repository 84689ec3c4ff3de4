/* @NAME@: a network driver whose containers have nothing but `lo`: every call, and a place to begin.
 * The contract is gantry_driver.h; the author's guide is README.md of the SDK. */
#include "gantry_driver.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(S) {(S), sizeof(S) - 1}

/* `mark` tells this daemon's kernel objects from those of others: put it into an alias or a comment of what you make. */
struct gantry_instance { char mark[100]; };

static int32_t network_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (args->option_count > 0) {
        error->code = EINVAL;
        error->len = (uint32_t)snprintf(error->text, sizeof error->text, "@NAME@ has no options");
        return EINVAL;
    }
    *out = calloc(1, sizeof **out);
    if (!*out) return ENOMEM;
    snprintf((*out)->mark, sizeof (*out)->mark, "%.*s", (int)args->mark.len, (const char *)args->mark.ptr);
    return 0;
}
static void network_close(gantry_instance *all) { free(all); }

/* Idempotent: brings what exists in line. It is called for every network when the daemon starts. */
static int32_t network_create(gantry_instance *all, const gantry_network_args *network, gantry_error *error) {
    (void)all, (void)network, (void)error;
    return 0;
}
/* Idempotent. */
static int32_t network_remove(gantry_instance *all, gantry_bytes id, gantry_error *error) {
    (void)all, (void)id, (void)error;
    return 0;
}
/* Puts an interface into the network namespace behind `netns`; tells the sink what the container got. */
static int32_t network_join(gantry_instance *all, const gantry_endpoint_args *endpoint, int32_t netns, gantry_interface_sink sink, void *context, gantry_error *error) {
    (void)all, (void)endpoint, (void)netns, (void)sink, (void)context, (void)error;
    return 0;
}
/* Idempotent; the namespace may be gone. */
static int32_t network_leave(gantry_instance *all, gantry_bytes network, gantry_bytes endpoint, gantry_error *error) {
    (void)all, (void)network, (void)endpoint, (void)error;
    return 0;
}
/* Tells every kernel object that carries the mark. */
static int32_t network_walk(gantry_instance *all, gantry_network_object_sink sink, void *context, gantry_error *error) {
    (void)all, (void)sink, (void)context, (void)error;
    return 0;
}

static const gantry_network_vtable table = {
    .size = sizeof table, .caps = GANTRY_CAP_CONCURRENT, .open = network_open, .close = network_close, .create_network = network_create,
    .remove_network = network_remove, .join = network_join, .leave = network_leave, .walk = network_walk};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_NETWORK, .name = TEXT("@NAME@"), .version = TEXT("0.1.0"),
    .summary = TEXT("Loopback only"), .vtable = &table};

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
