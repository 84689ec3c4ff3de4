#include "clinux.h"
#include <link.h>
#include <spawn.h>

int gantry_spawn_close_from(void *actions, int first) { return posix_spawn_file_actions_addclosefrom_np(actions, first); }

void gantry_take_short_turns(void) {
    /* sched_setattr(2); the C library has no struct of it. */
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    if (attributes.policy != SCHED_OTHER || attributes.nice < 0) return;
    attributes.flags |= 1; /* SCHED_FLAG_RESET_ON_FORK */
    attributes.runtime = 200000;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static int unmap_file(struct dl_phdr_info *file, size_t size, void *context) {
    (void)size;
    (void)context;
    /* The program has no name, libraries have a path, and the kernel's own has neither. */
    if (file->dlpi_name[0] != 0 && file->dlpi_name[0] != '/') return 0;
    uintptr_t page = (uintptr_t)getpagesize();
    for (int i = 0; i < file->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &file->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
        uintptr_t start = (file->dlpi_addr + part->p_vaddr) & ~(page - 1), end = file->dlpi_addr + part->p_vaddr + part->p_filesz;
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void gantry_unmap_files(void) { dl_iterate_phdr(unmap_file, NULL); }
