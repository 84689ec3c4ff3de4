/* gantry_driver.h: the driver contract of Gantry, major version 1. This header alone is the contract.
 *
 * VOCABULARY
 *   driver    one back end of one kind (storage, network, log, volume); an ELF shared object that
 *             exports one symbol, gantry_driver_entry_v1.
 *   instance  what `open` returns. Storage, network and volume drivers have one instance for each
 *             daemon; log drivers have one for each container (and one for each reader of its log).
 *
 * RULES
 *   - A struct is either FROZEN (its layout never changes) or SIZED (its first field is its size as
 *     its author's compiler saw it; fields are only appended; its tag carries the header's version).
 *     A reader copies min(size, sizeof mine) bytes over zeros.
 *   - Inputs are borrowed: every pointer is valid until the call returns.
 *   - Results of variable size go to a sink while the call runs; the receiver copies. Nobody frees
 *     memory of the other side. Descriptors are borrowed both ways: dup to keep.
 *   - A call returns 0 or a positive errno and then fills *error, which it leaves alone on success.
 *   - Calls may block and may come from any thread. Calls on one instance are never concurrent,
 *     unless the driver declares GANTRY_CAP_CONCURRENT. `cancel` alone may come at any time.
 *   - Nothing unwinds across the boundary. The image is never unloaded.
 *   - Text is UTF-8 and not NUL-ended. Times are ns since 1970-01-01 UTC. Sizes are bytes.
 */
#ifndef GANTRY_DRIVER_H
#define GANTRY_DRIVER_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define GANTRY_ABI_MAJOR 1u
#define GANTRY_ABI_MINOR 0u
#define GANTRY_ABI_VERSION ((GANTRY_ABI_MAJOR << 16) | GANTRY_ABI_MINOR)
#define GANTRY_ENTRY_SYMBOL "gantry_driver_entry_v1"
/* The tag of a SIZED struct carries the version: a Swift runtime shared by two images merges imported
 * C structs by tag, and two layouts under one tag corrupt memory. Bump with every minor version. */
#define GANTRY_SIZED(NAME) NAME##_1_0

/* ---- frozen ------------------------------------------------------------------------------ */

typedef struct gantry_bytes { const void *ptr; size_t len; } gantry_bytes;
typedef struct gantry_pair { gantry_bytes key, value; } gantry_pair;
typedef struct gantry_error { int32_t code; uint32_t len; char text[1016]; } gantry_error;

/* An option that the driver understands; the engine checks names and types before `open`, and the driver
 * refuses a name that it did not declare (EINVAL). */
enum { GANTRY_OPTION_STRING = 1, GANTRY_OPTION_INTEGER = 2, GANTRY_OPTION_BOOLEAN = 3, GANTRY_OPTION_SIZE = 4, GANTRY_OPTION_DURATION = 5 };
typedef struct gantry_option { gantry_bytes name, default_value, summary; uint32_t type, reserved; } gantry_option;

enum { GANTRY_STREAM_STDOUT = 1, GANTRY_STREAM_STDERR = 2 };
enum { GANTRY_LINE_PARTIAL = 1 };                 /* the line goes on in the next record of its stream */
typedef struct gantry_log_cursor { uint64_t epoch, offset; } gantry_log_cursor;   /* the driver's own meaning; {0,0}: the oldest line */
typedef struct gantry_log_line {
    gantry_bytes data;                            /* without the newline */
    int64_t time_ns;
    uint16_t stream, flags;
    uint32_t reserved;
    gantry_log_cursor next;                       /* reading: where to go on after this line; writing: zeros */
} gantry_log_line;

/* A mount as mount(2) takes it. `base`, if not empty, is the folder that relative paths in `source`
 * and `options` start from. `options` is the data string without the generic flags. */
typedef struct gantry_mount { gantry_bytes type, source, target, options, base; uint64_t flags; } gantry_mount;

enum { GANTRY_SNAPSHOT_ACTIVE = 1, GANTRY_SNAPSHOT_VIEW = 2, GANTRY_SNAPSHOT_COMMITTED = 3 };
typedef struct gantry_snapshot { gantry_bytes key, parent; uint32_t state, reserved; int64_t created_ns; } gantry_snapshot;
typedef struct gantry_usage { int64_t bytes, inodes; } gantry_usage;

typedef struct gantry_subnet { gantry_bytes cidr, gateway; } gantry_subnet;       /* "172.17.0.0/16", "172.17.0.1" */
enum { GANTRY_PROTOCOL_TCP = 6, GANTRY_PROTOCOL_UDP = 17, GANTRY_PROTOCOL_SCTP = 132 };
typedef struct gantry_port { gantry_bytes host_address; uint16_t host_port, container_port; uint32_t protocol; } gantry_port;
typedef struct gantry_interface {                 /* what a container got */
    gantry_bytes name;                            /* inside, "eth0" */
    gantry_bytes host_name;                       /* its host end, or empty */
    gantry_bytes mac;                             /* "02:42:ac:11:00:02", or empty */
} gantry_interface;
enum { GANTRY_NETWORK_OBJECT_NETWORK = 1, GANTRY_NETWORK_OBJECT_ENDPOINT = 2 };
enum { GANTRY_NETWORK_OBJECT_INCOMPLETE = 1 };    /* a part of it is missing */
typedef struct gantry_network_object { gantry_bytes id; uint32_t type, flags; } gantry_network_object;

typedef struct gantry_volume { gantry_bytes name, mountpoint; int64_t created_ns; } gantry_volume;

typedef struct gantry_instance gantry_instance;   /* opaque, the driver's own */

/* Sinks return non-zero to stop the call, which then returns 0. */
typedef int32_t (*gantry_line_sink)(void *context, const gantry_log_line *lines, size_t count);
typedef int32_t (*gantry_mount_sink)(void *context, const gantry_mount *mounts, size_t count);
typedef int32_t (*gantry_snapshot_sink)(void *context, const gantry_snapshot *snapshots, size_t count);
typedef int32_t (*gantry_interface_sink)(void *context, const gantry_interface *interfaces, size_t count);
typedef int32_t (*gantry_network_object_sink)(void *context, const gantry_network_object *objects, size_t count);
typedef int32_t (*gantry_volume_sink)(void *context, const gantry_volume *volumes, size_t count);

/* ---- sized ------------------------------------------------------------------------------- */

typedef struct GANTRY_SIZED(gantry_host) {        /* what the engine offers, for the life of the process */
    uint32_t size, abi_version;
    void *context;
    void (*log)(void *context, int32_t level, gantry_bytes message);   /* level: 0 debug, 1 info, 2 warning, 3 error */
} gantry_host;

enum { GANTRY_OPEN_READ = 1 };                    /* log: opened to read; `write` will not be called */
typedef struct GANTRY_SIZED(gantry_open_args) {
    uint32_t size, flags;
    gantry_bytes name;                            /* of the instance: the container's id for a log, else the driver's name */
    gantry_bytes state_dir;                       /* an existing folder that belongs to this instance */
    gantry_bytes mark;                            /* short text, unique for each daemon of a host, for the names of kernel objects */
    const gantry_pair *options;
    size_t option_count;
    const gantry_pair *labels;                    /* log: facts of the container (name, image, labels) */
    size_t label_count;
} gantry_open_args;

#define GANTRY_CAP_CONCURRENT 1u                  /* every kind: calls on one instance may be concurrent */

/* -- storage: snapshots. Keys are the engine's, [a-zA-Z0-9_.-]{1,128}; "" as a parent is the empty tree. -- */
#define GANTRY_CAP_OVERLAY_UPPER 2u               /* a layer may be unpacked into `upperdir` of prepare's mount, with overlay whiteouts, and siblings at once */
typedef struct GANTRY_SIZED(gantry_storage_vtable) {
    uint32_t size, caps;
    int32_t (*open)(void *factory, const gantry_open_args *, gantry_instance **out, gantry_error *);
    void (*close)(gantry_instance *);
    int32_t (*prepare)(gantry_instance *, gantry_bytes key, gantry_bytes parent, gantry_mount_sink, void *context, gantry_error *);  /* EEXIST, ENOENT (parent) */
    int32_t (*view)(gantry_instance *, gantry_bytes key, gantry_bytes parent, gantry_mount_sink, void *context, gantry_error *);
    int32_t (*mounts)(gantry_instance *, gantry_bytes key, gantry_mount_sink, void *context, gantry_error *);                        /* ENOENT */
    int32_t (*commit)(gantry_instance *, gantry_bytes key, gantry_bytes name, gantry_error *);   /* active -> committed; durable on return */
    int32_t (*remove)(gantry_instance *, gantry_bytes key, gantry_error *);                      /* ENOENT; EBUSY while it has children */
    int32_t (*usage)(gantry_instance *, gantry_bytes key, gantry_usage *out, gantry_error *);    /* of this snapshot alone */
    int32_t (*walk)(gantry_instance *, gantry_snapshot_sink, void *context, gantry_error *);
    void (*cancel)(gantry_instance *);                                                           /* optional */
} gantry_storage_vtable;

/* -- network -- */
#define GANTRY_CAP_HOST_NAMESPACE 2u              /* containers stay in the host's network namespace; join is not called */
#define GANTRY_CAP_PORTS 4u                       /* publishes ports */
#define GANTRY_CAP_ADDRESSES 8u                   /* wants addresses from the engine's IPAM */
#define GANTRY_CAP_SINGLETON 16u                  /* one network of this driver exists and no other can be made */
typedef struct GANTRY_SIZED(gantry_network_args) {
    uint32_t size, reserved;
    gantry_bytes id, name;
    const gantry_subnet *subnets;
    size_t subnet_count;
    const gantry_pair *options;
    size_t option_count;
    uint32_t internal, mtu;                       /* internal: no way out; mtu 0: the driver's choice */
} gantry_network_args;
typedef struct GANTRY_SIZED(gantry_endpoint_args) {
    uint32_t size, reserved;
    gantry_bytes id, network, container;
    gantry_bytes interface_name;                  /* wanted name inside, "eth0" */
    gantry_bytes mac;                             /* or empty */
    const gantry_bytes *addresses;                /* "172.17.0.2/16" */
    size_t address_count;
    const gantry_bytes *gateways;                 /* default routes to set; none: no default route */
    size_t gateway_count;
    const gantry_port *ports;
    size_t port_count;
} gantry_endpoint_args;
typedef struct GANTRY_SIZED(gantry_network_vtable) {
    uint32_t size, caps;
    int32_t (*open)(void *factory, const gantry_open_args *, gantry_instance **out, gantry_error *);
    void (*close)(gantry_instance *);
    int32_t (*create_network)(gantry_instance *, const gantry_network_args *, gantry_error *);    /* idempotent: brings what exists in line */
    int32_t (*remove_network)(gantry_instance *, gantry_bytes id, gantry_error *);                /* idempotent */
    int32_t (*join)(gantry_instance *, const gantry_endpoint_args *, int32_t netns_fd, gantry_interface_sink, void *context, gantry_error *);  /* on failure nothing is left */
    int32_t (*leave)(gantry_instance *, gantry_bytes network, gantry_bytes endpoint, gantry_error *);  /* idempotent; the sandbox may be gone */
    int32_t (*walk)(gantry_instance *, gantry_network_object_sink, void *context, gantry_error *);     /* kernel objects with our mark */
    void (*cancel)(gantry_instance *);                                                                 /* optional */
} gantry_network_vtable;

/* -- log -- */
#define GANTRY_CAP_READ 2u                        /* lines can be read back: GANTRY_OPEN_READ and `read` work */
typedef struct GANTRY_SIZED(gantry_log_query) {
    uint32_t size, reserved;
    gantry_log_cursor from;
    int64_t since_ns, until_ns;                   /* 0: no limit; since <= time <= until */
    int64_t tail;                                 /* the last n whole lines of what matches; -1: all */
} gantry_log_query;
typedef struct GANTRY_SIZED(gantry_log_vtable) {
    uint32_t size, caps;
    int32_t (*open)(void *factory, const gantry_open_args *, gantry_instance **out, gantry_error *);
    void (*close)(gantry_instance *);
    int32_t (*write)(gantry_instance *, const gantry_log_line *, size_t count, gantry_error *);
    int32_t (*flush)(gantry_instance *, gantry_error *);                                               /* optional */
    int32_t (*read)(gantry_instance *, const gantry_log_query *, gantry_line_sink, void *context, gantry_error *);  /* with GANTRY_CAP_READ */
    int32_t (*remove)(gantry_instance *, gantry_error *);                                              /* optional: delete what is stored */
    void (*cancel)(gantry_instance *);                                                                 /* optional */
} gantry_log_vtable;

/* -- volume -- */
typedef struct GANTRY_SIZED(gantry_volume_vtable) {
    uint32_t size, caps;
    int32_t (*open)(void *factory, const gantry_open_args *, gantry_instance **out, gantry_error *);
    void (*close)(gantry_instance *);
    int32_t (*create)(gantry_instance *, gantry_bytes name, const gantry_pair *options, size_t option_count, gantry_error *);  /* EEXIST */
    int32_t (*remove)(gantry_instance *, gantry_bytes name, gantry_error *);                                    /* ENOENT */
    int32_t (*mount)(gantry_instance *, gantry_bytes name, gantry_bytes user, gantry_mount_sink, void *context, gantry_error *);  /* what to mount for one user of it */
    int32_t (*unmount)(gantry_instance *, gantry_bytes name, gantry_bytes user, gantry_error *);                /* idempotent */
    int32_t (*usage)(gantry_instance *, gantry_bytes name, gantry_usage *out, gantry_error *);                  /* optional */
    int32_t (*walk)(gantry_instance *, gantry_volume_sink, void *context, gantry_error *);
    void (*cancel)(gantry_instance *);                                                                          /* optional */
} gantry_volume_vtable;

enum { GANTRY_KIND_STORAGE = 1, GANTRY_KIND_NETWORK = 2, GANTRY_KIND_LOG = 3, GANTRY_KIND_VOLUME = 4 };

typedef struct GANTRY_SIZED(gantry_driver) {
    uint32_t size, abi_version;                   /* GANTRY_ABI_VERSION as the driver was built with */
    uint32_t kind, reserved;
    gantry_bytes name, version, summary;          /* "overlayfs", "1.0.0", one line for people */
    void *factory;                                /* first argument of open */
    const void *vtable;                           /* gantry_<kind>_vtable */
    const gantry_option *options;                 /* of an instance */
    size_t option_count;
    const gantry_option *object_options;          /* of a network or a volume */
    size_t object_option_count;
} gantry_driver;

/* The one exported symbol. Returns NULL after filling *error when it can't serve this host. */
const gantry_driver *gantry_driver_entry_v1(const gantry_host *host, gantry_error *error);
typedef const gantry_driver *(*gantry_driver_entry_function)(const gantry_host *host, gantry_error *error);

#ifdef __cplusplus
}
#endif
#endif
