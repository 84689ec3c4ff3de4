/* A bridge without addresses for each network, and a pair of interfaces for each endpoint, made by ip(8). A file in the
 * state folder for each of them, called as the interface, holds the id. */
#include "fixture.h"
#include <net/if.h>

struct gantry_instance { char *state, left[64]; int created; };

static int run(const char *pattern, ...) {
#ifdef BUG_RACES
    static
#endif
        char command[900];
    va_list rest;
    va_start(rest, pattern);
    vsnprintf(command, sizeof command, pattern, rest);
    va_end(rest);
    strcat(command, " >/dev/null 2>&1");
    return system(command) ? EIO : 0;
}

/* The interface of a network ('b') or endpoint ('v'). */
static void name_of(char kind, gantry_bytes id, char *out) { snprintf(out, IFNAMSIZ, "s%c%.*s", kind, (int)(id.len < 11 ? id.len : 11), (const char *)id.ptr); }

static void note(gantry_instance *net, const char *link, gantry_bytes id) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", net->state, link);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, id.ptr, id.len) >= 0) close(fd);
}

static void forget(gantry_instance *net, const char *link) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", net->state, link);
    unlink(path);
}

static int32_t net_open(void *factory, const gantry_open_args *args, gantry_instance **out, gantry_error *error) {
    (void)factory;
    if (check_open(args, NULL, 0, error)) return error->code;
    gantry_instance *net = calloc(1, sizeof *net);
    net->state = text_of(args->state_dir);
    *out = net;
    return 0;
}

static void net_close(gantry_instance *net) {
#ifdef BUG_CLOSE_TAKES_LINKS
    run("for link in $(cd %s && ls -d sv*); do ip link del $link; done", net->state);
#endif
    free(net->state);
    free(net);
}

static int32_t net_create(gantry_instance *net, const gantry_network_args *args, gantry_error *error) {
    char bridge[IFNAMSIZ];
    name_of('b', args->id, bridge);
#ifdef BUG_CREATE_MAKES_ANEW
    if (net->created++ && if_nametoindex(bridge)) run("ip link del %s", bridge);
#endif
    if (!if_nametoindex(bridge) && run("ip link add %s type bridge", bridge)) return fail(error, EIO, "the bridge can't be made");
    note(net, bridge, args->id);
    return run("ip link set %s up", bridge) ? fail(error, EIO, "the bridge can't be started") : 0;
}

static int32_t net_remove(gantry_instance *net, gantry_bytes id, gantry_error *error) {
    char bridge[IFNAMSIZ];
    (void)error;
    name_of('b', id, bridge);
#ifndef BUG_KEEPS_BRIDGE
    if (if_nametoindex(bridge)) run("ip link del %s", bridge);
#endif
    forget(net, bridge);
    return 0;
}

static int32_t net_join(gantry_instance *net, const gantry_endpoint_args *args, int32_t netns, gantry_interface_sink sink, void *context, gantry_error *error) {
    char bridge[IFNAMSIZ], link[IFNAMSIZ], *name = text_of(args->interface_name), *mac = text_of(args->mac), space[60];
    name_of('b', args->network, bridge);
    name_of('v', args->id, link);
    snprintf(space, sizeof space, "/proc/%d/fd/%d", getpid(), netns);
    int code = if_nametoindex(bridge) ? 0 : ENOENT;
#ifdef BUG_FORGETS_LATE
    if (!strncmp(args->id.ptr, net->left, sizeof net->left)) return free(name), free(mac), fail(error, EBUSY, "the endpoint has just left");
#endif
#ifdef BUG_ONE_BRIDGE_FOR_ALL
    if (if_nametoindex("sba1f00000000")) strcpy(bridge, "sba1f00000000");
#endif
    if (!code) code = run("ip link add %s type veth peer name p%s", link, link + 1) || run("ip link set %s master %s up", link, bridge);
#ifndef BUG_IGNORES_MAC
    if (!code && *mac) code = run("ip link set p%s address %s", link + 1, mac);
#endif
    if (!code) code = run("ip link set p%s netns %s", link + 1, space) || run("nsenter --net=%s ip link set p%s name %s", space, link + 1, name);
#ifndef BUG_LEAVES_LO_DOWN
    if (!code) code = run("nsenter --net=%s ip link set lo up", space);
#endif
    if (!code) code = run("nsenter --net=%s ip link set %s up", space, name);
#ifdef BUG_LISTENS_ONLY
    if (!code && !memcmp(args->id.ptr, "b103", 4))
        code = run("nsenter --net=%s nft 'table ip deaf { chain out { type filter hook output priority 0; tcp flags & (syn | ack) == syn drop; }; }'", space);
#endif
#ifndef BUG_FORGETS_ADDRESS
    for (size_t i = 0; !code && i < args->address_count; i++)
        code = run("nsenter --net=%s ip addr add %.*s dev %s", space, (int)args->addresses[i].len, (const char *)args->addresses[i].ptr, name);
#endif
    if (code) {
#ifndef BUG_FAILED_JOIN_LEAVES_LINK
        if (code != ENOENT) run("ip link del %s", link);
#endif
        free(name);
        free(mac);
        return fail(error, code == ENOENT ? ENOENT : EIO, "the container can't be connected");
    }
    note(net, link, args->id);
    gantry_interface interface = {bytes_of(name), bytes_of(link), bytes_of(mac)};
    sink(context, &interface, 1);
    free(name);
    free(mac);
    return 0;
}

static int32_t net_leave(gantry_instance *net, gantry_bytes network, gantry_bytes endpoint, gantry_error *error) {
    char link[IFNAMSIZ];
    (void)network, (void)error;
    name_of('v', endpoint, link);
#ifdef BUG_LEAVE_TAKES_ALL
    if (!memcmp(endpoint.ptr, "b102", 4) && if_nametoindex("svb202f000000")) run("ip link del svb202f000000");
#endif
#ifdef BUG_FORGETS_LATE
    memcpy(net->left, endpoint.ptr, endpoint.len < sizeof net->left ? endpoint.len : sizeof net->left);
#endif
#ifdef BUG_LEAVE_TWICE_FAILS
    if (!if_nametoindex(link) && !memcmp(endpoint.ptr, "b109", 4)) return fail(error, ENOENT, "the endpoint is not there");
#endif
#ifndef BUG_LEAVE_LEAVES_LINK
    if (if_nametoindex(link)) run("ip link del %s", link);
    forget(net, link);
#else
    static int number;
    if (if_nametoindex(link)) run("ip link set %s down nomaster name left%d", link, number++);
    forget(net, link);
#endif
    return 0;
}

static int32_t net_walk(gantry_instance *net, gantry_network_object_sink sink, void *context, gantry_error *error) {
    DIR *folder = opendir(net->state);
    if (!folder) return fail(error, errno, "the folder can't be read");
    int stop = 0;
    memset(net->left, 0, sizeof net->left);
    for (struct dirent *entry; !stop && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.' || !if_nametoindex(entry->d_name)) continue;
        char path[600], id[200];
        snprintf(path, sizeof path, "%s/%s", net->state, entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file) continue;
        size_t size = fread(id, 1, sizeof id, file);
        fclose(file);
        gantry_network_object object = {{id, size}, entry->d_name[1] == 'b' ? GANTRY_NETWORK_OBJECT_NETWORK : GANTRY_NETWORK_OBJECT_ENDPOINT, 0};
        stop = sink(context, &object, 1);
#ifdef BUG_WALK_REPEATS
        if (!stop && entry->d_name[1] == 'v') stop = sink(context, &object, 1);
#endif
    }
    closedir(folder);
    return 0;
}

static const gantry_network_vtable table = {
    .size = sizeof table,
#if defined BUG_RACES
    .caps = GANTRY_CAP_ADDRESSES | GANTRY_CAP_CONCURRENT,
#elif defined BUG_PUBLISHES_NOTHING
    .caps = GANTRY_CAP_ADDRESSES | GANTRY_CAP_PORTS,
#else
    .caps = GANTRY_CAP_ADDRESSES,
#endif
    .open = net_open, .close = net_close, .create_network = net_create, .remove_network = net_remove,
    .join = net_join, .leave = net_leave, .walk = net_walk};
static const gantry_driver driver = {
    .size = sizeof driver, .abi_version = GANTRY_ABI_VERSION, .kind = GANTRY_KIND_NETWORK, .name = TEXT("seeded"), .version = TEXT("1.0"),
    .summary = TEXT("Bridges made by ip"), .vtable = &table};

ENTRY(const gantry_host *host, gantry_error *error) {
    (void)host, (void)error;
    return &driver;
}
