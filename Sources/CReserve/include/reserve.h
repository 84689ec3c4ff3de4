/* A descriptor for libdispatch when the process has none left.
 *
 * Once a second, when work waits for its threads, libdispatch (of Swift 6.3) opens /proc/<thread>/stat of each, and ends
 * the process by a trap when it can't. A program that links this and exports `open` has its own open(2) in front of the C
 * library's: that one call goes beyond the limit of descriptors, all others pass on. */
#ifndef GANTRY_RESERVE_H
#define GANTRY_RESERVE_H

#include <sys/types.h>

/* What `open` does. */
int gantry_open(const char *path, int flags, mode_t mode);
#endif
