#include <errno.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

int gantry_clone_file(int to, int from) { return ioctl(to, FICLONE, from); }

/* Names that don't fit are refused here: the kernel would see them cut off. */
static int set_name(char *place, size_t size, const char *name) {
    size_t length = strlen(name);
    if (length >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(place, name, length + 1);
    return 0;
}

int gantry_btrfs_create(int folder, const char *name) {
    struct btrfs_ioctl_vol_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (set_name(arguments.name, BTRFS_SUBVOL_NAME_MAX, name) != 0) return -1;
    return ioctl(folder, BTRFS_IOC_SUBVOL_CREATE, &arguments);
}

int gantry_btrfs_snapshot(int folder, const char *name, int source) {
    struct btrfs_ioctl_vol_args_v2 arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.fd = source;
    if (set_name(arguments.name, BTRFS_SUBVOL_NAME_MAX, name) != 0) return -1;
    return ioctl(folder, BTRFS_IOC_SNAP_CREATE_V2, &arguments);
}

int gantry_btrfs_destroy(int folder, const char *name) {
    struct btrfs_ioctl_vol_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (set_name(arguments.name, BTRFS_SUBVOL_NAME_MAX, name) != 0) return -1;
    return ioctl(folder, BTRFS_IOC_SNAP_DESTROY, &arguments);
}

int gantry_btrfs_set_read_only(int subvolume, int read_only) {
    unsigned long long flags = 0;
    if (ioctl(subvolume, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) != 0) return -1;
    unsigned long long wanted = read_only ? flags | BTRFS_SUBVOL_RDONLY : flags & ~(unsigned long long)BTRFS_SUBVOL_RDONLY;
    return wanted == flags ? 0 : ioctl(subvolume, BTRFS_IOC_SUBVOL_SETFLAGS, &wanted);
}

int gantry_btrfs_start_commit(int file, unsigned long long *transaction) {
    return ioctl(file, BTRFS_IOC_START_SYNC, transaction);
}

int gantry_btrfs_wait_for_commit(int file, unsigned long long transaction) {
    return ioctl(file, BTRFS_IOC_WAIT_SYNC, &transaction);
}
