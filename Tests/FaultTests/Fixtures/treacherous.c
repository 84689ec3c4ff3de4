/* A real driver behind a treacherous one. It does what the real one does, until the file CONTROL names one of its calls
 * and what to do instead:
 *   crash, hang, leak (descriptors, memory, a thread; then the truth), lie (success, nothing done), omit (an empty
 *   answer), garbage (an answer of nonsense), fail (an error whose text is longer than it is).
 * Built with REAL, the real driver's file; NAME; KIND, as in GANTRY_KIND_KIND; CONTROL. */
#define _GNU_SOURCE
#include "gantry_driver.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT(S) {(S), sizeof(S) - 1}

static int told(const char *call, const char *what) {
    char text[64] = "", wanted[64];
    int file = open(CONTROL, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    snprintf(wanted, sizeof wanted, "%s %s", call, what);
    return count > 0 && strcmp(text, wanted) == 0;
}

static void *idle(void *unused) {
    for (;;) pause();
    return unused;
}

static void misbehave(const char *call) {
    if (told(call, "crash")) raise(SIGSEGV);
    if (told(call, "hang")) for (;;) pause();
    if (told(call, "leak")) {
        pthread_t thread;
        for (int i = 0; i < 20; i++) (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
        (void)!memset(malloc(1 << 20), 1, 1 << 20);
        pthread_create(&thread, NULL, idle, NULL);
    }
}

static int32_t fail(gantry_error *error) {
    error->code = -77;
    error->len = 1u << 30;
    memset(error->text, 'x', sizeof error->text);
    return EIO;
}

/* Before the real call. */
#define TREACHERY(CALL) \
    misbehave(CALL); \
    if (told(CALL, "lie") || told(CALL, "omit")) return 0; \
    if (told(CALL, "fail")) return fail(error);

#define GARBAGE_MOUNT(CALL) \
    if (told(CALL, "garbage")) { \
        gantry_mount mount = {.type = TEXT("\xff\xfe no such"), .source = TEXT("../../../../etc"), .target = TEXT("../../../.."), .options = TEXT("a=\n,,\xff"), .flags = ~0ull}; \
        return sink(context, &mount, 1); \
    }

#if KIND == 1
typedef gantry_storage_vtable table;
static table real, mine;
static int32_t prepare(gantry_instance *d, gantry_bytes key, gantry_bytes parent, gantry_mount_sink sink, void *context, gantry_error *error) {
    TREACHERY("prepare") GARBAGE_MOUNT("prepare")
    return real.prepare(d, key, parent, sink, context, error);
}
static int32_t mounts(gantry_instance *d, gantry_bytes key, gantry_mount_sink sink, void *context, gantry_error *error) {
    TREACHERY("mounts") GARBAGE_MOUNT("mounts")
    return real.mounts(d, key, sink, context, error);
}
static int32_t usage(gantry_instance *d, gantry_bytes key, gantry_usage *out, gantry_error *error) {
    TREACHERY("usage")
    if (told("usage", "garbage")) {
        *out = (gantry_usage){INT64_MIN, -1};
        return 0;
    }
    return real.usage(d, key, out, error);
}
static int32_t walk(gantry_instance *d, gantry_snapshot_sink sink, void *context, gantry_error *error) {
    TREACHERY("walk")
    if (told("walk", "garbage")) {
        gantry_snapshot snapshots[] = {{TEXT("../../etc/passwd"), TEXT("\xff"), 77, 0, INT64_MIN}, {TEXT("container-"), TEXT("container-"), 0, 0, 0}, {TEXT(""), TEXT(""), 1, 1, 1}};
        return sink(context, snapshots, 3);
    }
    return real.walk(d, sink, context, error);
}
static void replace(void) { mine.prepare = prepare; mine.mounts = mounts; mine.usage = usage; mine.walk = walk; }

#elif KIND == 2
typedef gantry_network_vtable table;
static table real, mine;
static int32_t create_network(gantry_instance *d, const gantry_network_args *args, gantry_error *error) {
    TREACHERY("create")
    return real.create_network(d, args, error);
}
static int32_t join(gantry_instance *d, const gantry_endpoint_args *args, int32_t netns, gantry_interface_sink sink, void *context, gantry_error *error) {
    TREACHERY("join")
    if (told("join", "garbage")) {
        gantry_interface interface;
        memset(&interface, 0, sizeof interface);
        return sink(context, &interface, 1);
    }
    return real.join(d, args, netns, sink, context, error);
}
static int32_t leave(gantry_instance *d, gantry_bytes network, gantry_bytes endpoint, gantry_error *error) {
    TREACHERY("leave")
    return real.leave(d, network, endpoint, error);
}
static int32_t walk(gantry_instance *d, gantry_network_object_sink sink, void *context, gantry_error *error) {
    TREACHERY("walk")
    if (told("walk", "garbage")) {
        gantry_network_object objects[] = {{TEXT("\xff\xfe"), 99, 0}, {TEXT(""), 0, 0}, {TEXT("no-such-network"), 0, 0}};
        return sink(context, objects, 3);
    }
    return real.walk(d, sink, context, error);
}
/* Kernel objects of its own: the real driver serves in the same daemon. */
static int32_t open_network(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    gantry_open_args own = *args;
    own.mark = (gantry_bytes)TEXT("treach");
    return real.open(factory, &own, out, error);
}
static void replace(void) { mine.open = open_network; mine.create_network = create_network; mine.join = join; mine.leave = leave; mine.walk = walk; }

#elif KIND == 3
typedef gantry_log_vtable table;
static table real, mine;
static int32_t log_write(gantry_instance *d, const gantry_log_line *lines, size_t count, gantry_error *error) {
    TREACHERY("write")
    return real.write(d, lines, count, error);
}
static int32_t log_read(gantry_instance *d, const gantry_log_query *query, gantry_line_sink sink, void *context, gantry_error *error) {
    TREACHERY("read")
    if (told("read", "garbage")) {
        gantry_log_line line;
        memset(&line, 0xff, sizeof line);
        memset(&line, 0, sizeof(void *) * 2);
        return sink(context, &line, 0);
    }
    return real.read(d, query, sink, context, error);
}
static void replace(void) { mine.write = log_write; mine.read = log_read; }

#else
typedef gantry_volume_vtable table;
static table real, mine;
static int32_t create(gantry_instance *d, gantry_bytes name, const gantry_pair *options, size_t count, gantry_error *error) {
    TREACHERY("create")
    return real.create(d, name, options, count, error);
}
static int32_t mount_volume(gantry_instance *d, gantry_bytes name, gantry_bytes user, gantry_mount_sink sink, void *context, gantry_error *error) {
    TREACHERY("mount") GARBAGE_MOUNT("mount")
    return real.mount(d, name, user, sink, context, error);
}
static int32_t unmount_volume(gantry_instance *d, gantry_bytes name, gantry_bytes user, gantry_error *error) {
    TREACHERY("unmount")
    return real.unmount(d, name, user, error);
}
static int32_t walk(gantry_instance *d, gantry_volume_sink sink, void *context, gantry_error *error) {
    TREACHERY("walk")
    if (told("walk", "garbage")) {
        gantry_volume volumes[] = {{TEXT("../../etc"), TEXT("/etc"), INT64_MIN}, {TEXT(""), TEXT(""), 0}, {TEXT("\xff"), TEXT("relative"), 1}};
        return sink(context, volumes, 3);
    }
    return real.walk(d, sink, context, error);
}
static void replace(void) { mine.create = create; mine.mount = mount_volume; mine.unmount = unmount_volume; mine.walk = walk; }
#endif

__attribute__((visibility("default"))) const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error) {
    static gantry_driver driver;
    if (driver.size) return &driver;
    void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
    gantry_driver_entry_function entry = library ? (gantry_driver_entry_function)dlsym(library, "gantry_driver_entry_v1") : NULL;
    if (!entry) {
        error->code = ENOENT;
        error->len = (uint32_t)snprintf(error->text, sizeof error->text, "%s", dlerror());
        return NULL;
    }
    const gantry_driver *original = entry(host, error);
    if (!original) return NULL;
    memcpy(&real, original->vtable, sizeof real);
    mine = real;
    replace();
    driver = *original;
    driver.name = (gantry_bytes)TEXT(NAME);
    driver.vtable = &mine;
    return &driver;
}
