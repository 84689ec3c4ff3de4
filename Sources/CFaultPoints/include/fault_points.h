/* Points at which a call of the C library can be made to fail, or the process to die.
 *
 * A program that links this has its own open(2), write(2), rename(2) … in front of the C library's; they pass on to it.
 * While the calling thread is armed, the calls that change files are counted, and the one that was asked for strikes. A
 * shared object that the program loads uses them as well, unless it makes system calls of its own. */
#ifndef GANTRY_FAULT_POINTS_H
#define GANTRY_FAULT_POINTS_H

enum {
    GANTRY_FAULT_NONE = 0,  /* count only */
    GANTRY_FAULT_KILL = 1,  /* SIGKILL in place of the call */
    GANTRY_FAULT_ONCE = 2,  /* the call fails, those after it work */
    GANTRY_FAULT_FULL = 3,  /* the call and all after it fail that need room on the disk */
};

/* From now on, in this thread: the `place`th call (from 1) strikes; `error` is the errno. */
void gantry_faults_arm(int what, int place, int error);
/* How many calls there were since then. */
int gantry_faults_disarm(void);
/* Whether a call was struck. */
int gantry_faults_struck(void);
/* Calls that ask the kernel to make something durable, of all threads since the process began. */
int gantry_faults_syncs(void);
#endif
