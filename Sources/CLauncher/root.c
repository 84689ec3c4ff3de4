/* The container's file tree: mounts, devices, pivot_root, what is masked or read-only. */
#include "internal.h"

/* mount_setattr(2), Linux 5.12; the C library's header is older. */
struct mount_attributes { uint64_t set, clear, propagation, user_namespace; };
enum { ATTRIBUTE_READ_ONLY = 1 };

static int set_read_only(int tree) {
    struct mount_attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
}

static void descriptor_path(char path[64], int descriptor) { snprintf(path, 64, "/proc/self/fd/%d", descriptor); }

/* A place inside the root, resolved so that no link of the image leads out of it. */
static int open_inside(int root, const char *path, int flags) {
    return gantry_openat2(root, path[0] == '/' && path[1] == 0 ? "." : path, (uint64_t)(O_CLOEXEC | O_PATH | flags), 0,
                          RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* The same, made when missing: folders along the way, and the last part as `file` says. */
static int make_inside(int root, const char *path, bool file) {
    int found = open_inside(root, path, 0);
    if (found >= 0 || errno != ENOENT) return found;
    char copy[4096];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) { errno = ENAMETOOLONG; return -1; }
    int folder = dup(root);
    char *state = NULL;
    size_t walked = 0;
    char prefix[4096] = "";
    for (char *part = strtok_r(copy, "/", &state); part && folder >= 0;) {
        char *next = strtok_r(NULL, "/", &state);
        walked += (size_t)snprintf(prefix + walked, sizeof prefix - walked, "/%s", part);
        int child = open_inside(root, prefix, 0);
        if (child < 0 && errno == ENOENT) {
            if (!next && file) {
                int made = openat(folder, part, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);
                if (made >= 0) close(made);
            } else if (mkdirat(folder, part, 0755) != 0 && errno != EEXIST) {
                int error = errno;
                close(folder);
                errno = error;
                return -1;
            }
            child = open_inside(root, prefix, 0);
        }
        int error = errno;
        close(folder);
        errno = error;
        folder = child;
        part = next;
    }
    return folder;
}

static void apply(int channel, int root, const struct gantry_mount_op *op) {
    int place = make_inside(root, op->target, op->target_is_file);
    if (place < 0) gantry_fail(channel, GANTRY_STAGE_MOUNT, errno, "make the mount point %s", op->target);
    char path[64];
    descriptor_path(path, place);
    if (op->base[0] && chdir(op->base) != 0)
        gantry_fail(channel, GANTRY_STAGE_MOUNT, errno, "enter %s", op->base);
    const char *type = op->kind == GANTRY_MOUNT_BIND ? NULL : op->type;
    uint64_t flags = op->flags & ~(uint64_t)(op->kind == GANTRY_MOUNT_BIND ? MS_RDONLY : 0);
    if (mount(op->source, path, type, (unsigned long)flags, op->options[0] ? op->options : NULL) != 0)
        gantry_fail(channel, GANTRY_STAGE_MOUNT, errno, "mount %s at %s", op->source, op->target);
    close(place);
    if (!op->read_only && !op->propagation) return;
    place = open_inside(root, op->target, 0);
    if (place < 0) gantry_fail(channel, GANTRY_STAGE_MOUNT, errno, "open the mount at %s", op->target);
    descriptor_path(path, place);
    if (op->propagation && mount(NULL, path, NULL, (unsigned long)op->propagation, NULL) != 0)
        gantry_fail(channel, GANTRY_STAGE_MOUNT, errno, "set the propagation of %s", op->target);
    if (op->read_only && set_read_only(place) != 0)
        gantry_fail(channel, GANTRY_STAGE_MOUNT, errno, "make %s read-only", op->target);
    close(place);
}

static void mount_root(int channel, const struct gantry_sandbox *sandbox) {
    for (size_t i = 0; i < sandbox->root_mount_count; i++) {
        const struct gantry_mount_op *op = &sandbox->root_mounts[i];
        if (op->base[0] && chdir(op->base) != 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "enter %s", op->base);
        const char *type = op->kind == GANTRY_MOUNT_BIND ? NULL : op->type;
        if (mount(op->source, sandbox->root, type, (unsigned long)op->flags, op->options[0] ? op->options : NULL) != 0)
            gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "mount the root file system (%s)", op->type);
    }
}

static void make_devices(int channel, int root, const struct gantry_sandbox *sandbox) {
    for (size_t i = 0; i < sandbox->device_count; i++) {
        const struct gantry_device *device = &sandbox->devices[i];
        char folder[512];
        snprintf(folder, sizeof folder, "%s", device->path);
        char *slash = strrchr(folder, '/');
        if (!slash) continue;
        const char *name = device->path + (slash - folder) + 1;
        *slash = 0;
        int parent = make_inside(root, folder[0] ? folder : "/", false);
        if (parent < 0) gantry_fail(channel, GANTRY_STAGE_DEVICE, errno, "make the folder of %s", device->path);
        if (mknodat(parent, name, device->mode, makedev(device->major_number, device->minor_number)) != 0 && errno != EEXIST)
            gantry_fail(channel, GANTRY_STAGE_DEVICE, errno, "make the device %s", device->path);
        if ((device->uid || device->gid) && fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) != 0)
            gantry_fail(channel, GANTRY_STAGE_DEVICE, errno, "give %s its owner", device->path);
        close(parent);
    }
    static const char *const links[][2] = {{"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"}, {"pts/ptmx", "ptmx"}};
    int dev = open_inside(root, "/dev", O_DIRECTORY);
    if (dev < 0) gantry_fail(channel, GANTRY_STAGE_DEVICE, errno, "open /dev");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (symlinkat(links[i][0], dev, links[i][1]) != 0 && errno != EEXIST)
            gantry_fail(channel, GANTRY_STAGE_DEVICE, errno, "make the link /dev/%s", links[i][1]);
    close(dev);
}

static void enter_root(int channel, const struct gantry_sandbox *sandbox) {
    if (chdir(sandbox->root) != 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "enter the root file system");
    if (syscall(SYS_pivot_root, ".", ".") != 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "pivot_root");
    /* The old root lies on top of the new one now. */
    if (umount2(".", MNT_DETACH) != 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "leave the host's root");
    if (chdir("/") != 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "enter /");
}

void gantry_build_root(int channel, const struct gantry_sandbox *sandbox) {
    /* Slave, not private: `rslave` binds still see what the host mounts later. */
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
        gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "detach the mounts from the host's");
    mount_root(channel, sandbox);
    int root = open(sandbox->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "open the root file system");
    if (mount(NULL, sandbox->root, NULL, MS_PRIVATE, NULL) != 0)
        gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "make the root file system private");
    for (size_t i = 0; i < sandbox->mount_count; i++)
        if (sandbox->mounts[i].kind != GANTRY_MOUNT_CGROUPS) apply(channel, root, &sandbox->mounts[i]);
    make_devices(channel, root, sandbox);
    close(root);
    enter_root(channel, sandbox);
}

/* After the container is in its cgroups: each hierarchy, seen through the new cgroup namespace. */
void gantry_mount_cgroups(int channel, const struct gantry_sandbox *sandbox) {
    for (size_t i = 0; i < sandbox->mount_count; i++) {
        const struct gantry_mount_op *op = &sandbox->mounts[i];
        if (op->kind != GANTRY_MOUNT_CGROUPS) continue;
        if (!sandbox->cgroup_controllers) {
            if (mount("cgroup", op->target, "cgroup2", (unsigned long)op->flags, NULL) != 0)
                gantry_fail(channel, GANTRY_STAGE_CGROUP, errno, "mount cgroup2 at %s", op->target);
            continue;
        }
        if (mount("tmpfs", op->target, "tmpfs", (unsigned long)(op->flags & ~(uint64_t)MS_RDONLY), "mode=755") != 0)
            gantry_fail(channel, GANTRY_STAGE_CGROUP, errno, "mount a tmpfs at %s", op->target);
        for (const char *const *name = sandbox->cgroup_controllers; *name; name++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s", op->target, *name);
            if (mkdir(path, 0755) != 0 || mount("cgroup", path, "cgroup", (unsigned long)op->flags, *name) != 0)
                gantry_fail(channel, GANTRY_STAGE_CGROUP, errno, "mount the cgroup hierarchy %s", *name);
        }
        if (op->flags & MS_RDONLY && mount(NULL, op->target, NULL, (unsigned long)(MS_REMOUNT | MS_BIND | op->flags), NULL) != 0)
            gantry_fail(channel, GANTRY_STAGE_CGROUP, errno, "make %s read-only", op->target);
    }
}

static void mask(int channel, const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) return;
    int failed = S_ISDIR(status.st_mode) ? mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k")
                                         : mount("/dev/null", path, NULL, MS_BIND, NULL);
    if (failed && errno != ENOENT && errno != ENOTDIR) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "mask %s", path);
}

static void freeze(int channel, const char *path) {
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return;
        gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "bind %s to itself", path);
    }
    int tree = open(path, O_PATH | O_CLOEXEC);
    if (tree < 0 || set_read_only(tree) != 0) gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "make %s read-only", path);
    close(tree);
}

static void set_sysctl(int channel, const char *setting) {
    char path[256] = "/proc/sys/", *end = path + strlen(path);
    const char *value = strchr(setting, '=');
    if (!value || (size_t)(value - setting) > 200) gantry_fail(channel, GANTRY_STAGE_SYSCTL, EINVAL, "%s", setting);
    for (const char *c = setting; c < value; c++) *end++ = *c == '.' ? '/' : *c;
    *end = 0;
    if (gantry_write_file(path, value + 1) != 0) gantry_fail(channel, GANTRY_STAGE_SYSCTL, errno, "set the sysctl %s", setting);
}

void gantry_finish_root(int channel, const struct gantry_sandbox *sandbox) {
    for (const char *const *setting = sandbox->sysctls; *setting; setting++) set_sysctl(channel, *setting);
    for (const char *const *path = sandbox->read_only_paths; *path; path++) freeze(channel, *path);
    for (const char *const *path = sandbox->masked; *path; path++) mask(channel, *path);
    if (!sandbox->read_only_root) return;
    struct mount_attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof attributes) != 0)
        gantry_fail(channel, GANTRY_STAGE_ROOT, errno, "make the root file system read-only");
}

int gantry_write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = write(file, text, strlen(text));
    int error = errno;
    close(file);
    errno = error;
    return count < 0 ? -1 : 0;
}
