/* host FOLDER DRIVER...: loads log drivers in the order given and calls everything in each, three instances of every one
 * at the same time. Ends with 0, or says what is wrong. -DHAS_LATER: the header has the function `later` in a vtable. */
#include "gantry_driver.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INSTANCES 3
#define TEXT(S) {(S), sizeof(S) - 1}

struct subject {
    const char *path;
    unsigned minor;
    void *factory;
    gantry_log_vtable table;
    gantry_instance *instance[INSTANCES];
};

static void demand(int is_well, const struct subject *subject, const char *what) {
    if (is_well) return;
    printf("%s (contract 1.%u): %s\n", subject->path, subject->minor, what);
    exit(1);
}

static void say(void *context, int32_t level, gantry_bytes message) { (void)context, (void)level, (void)message; }

static void load(struct subject *subject) {
    static const gantry_host host = {.size = sizeof host, .abi_version = GANTRY_ABI_VERSION, .log = say};
    void *image = dlopen(subject->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!image) puts(dlerror());
    demand(image != NULL, subject, "dlopen");
    gantry_driver_entry_function entry = (gantry_driver_entry_function)dlsym(image, GANTRY_ENTRY_SYMBOL);
    demand(entry != NULL, subject, "the entry symbol");
    gantry_error error = {0};
    const gantry_driver *given = entry(&host, &error);
    demand(given != NULL, subject, "the descriptor");
    gantry_driver driver = {0};
    memcpy(&driver, given, given->size < sizeof driver ? given->size : sizeof driver);
    subject->minor = driver.abi_version & 0xffff;
    subject->factory = driver.factory;
    demand(driver.kind == GANTRY_KIND_LOG && driver.version.len > 0 && driver.summary.len > 0 && driver.option_count == 0, subject, "what the descriptor says");
    uint32_t size = *(const uint32_t *)driver.vtable;
    memcpy(&subject->table, driver.vtable, size < sizeof subject->table ? size : sizeof subject->table);
}

static void start(struct subject *subject, const char *folder, int number) {
    static const gantry_pair labels[] = {{TEXT("gantry.name"), TEXT("web")}, {TEXT("color"), TEXT("blue")}};
    char state[500];
    snprintf(state, sizeof state, "%s/%d", folder, number);
    mkdir(state, 0700);
    gantry_open_args args = {
        .size = sizeof args, .name = TEXT("c0ffee"), .state_dir = {state, strlen(state)}, .mark = TEXT("mark"), .labels = labels, .label_count = 2};
    gantry_error error = {0};
    int32_t code = subject->table.open(subject->factory, &args, &subject->instance[number % INSTANCES], &error);
    if (code) printf("%.*s\n", (int)error.len, error.text);
    demand(code == 0, subject, "open");
}

static int32_t count(void *context, const gantry_log_line *lines, size_t number) {
    int *seen = context;
    for (size_t i = 0; i < number; i++)
        if (lines[i].data.len == 4 && !memcmp(lines[i].data.ptr, "text", 4) && lines[i].time_ns == 1000 + *seen % 3) ++*seen;
    return 0;
}

static void use(struct subject *subject, gantry_instance *instance, int round) {
    gantry_log_line lines[3];
    memset(lines, 0, sizeof lines);
    for (int i = 0; i < 3; i++) {
        lines[i].data = (gantry_bytes)TEXT("text");
        lines[i].time_ns = 1000 + i;
        lines[i].stream = GANTRY_STREAM_STDOUT;
    }
    gantry_error error = {0};
    demand(!subject->table.write(instance, lines, 3, &error), subject, "write");
    demand(!subject->table.flush || !subject->table.flush(instance, &error), subject, "flush");
    gantry_log_query query = {.size = sizeof query, .tail = -1};
    int seen = 0;
    demand(!subject->table.read(instance, &query, count, &seen, &error) && seen == 3 * (round + 1), subject, "read");
    query.tail = 2, query.since_ns = 1000, query.until_ns = 1001, seen = 0;
    demand(!subject->table.read(instance, &query, count, &seen, &error) && seen == 2, subject, "read of the last two");
    subject->table.cancel(instance);
#ifdef HAS_LATER
    demand((subject->table.later != NULL) == (subject->minor == GANTRY_ABI_MINOR), subject, "the function `later` is where it should be");
    demand(!subject->table.later || subject->table.later(instance, &error) == 17, subject, "later");
#endif
}

int main(int argc, char **argv) {
    static struct subject subjects[8];
    int number = argc - 2;
    for (int i = 0; i < number; i++) {
        subjects[i].path = argv[i + 2];
        load(&subjects[i]);
        for (int k = 0; k < INSTANCES; k++) start(&subjects[i], argv[1], i * INSTANCES + k);
    }
    for (int round = 0; round < 3; round++)
        for (int k = 0; k < INSTANCES; k++)
            for (int i = 0; i < number; i++) use(&subjects[i], subjects[i].instance[k], round);
    for (int i = 0; i < number; i++)
        for (int k = 0; k < INSTANCES; k++) {
            gantry_error error = {0};
            demand(!subjects[i].table.remove(subjects[i].instance[k], &error), &subjects[i], "remove");
            subjects[i].table.close(subjects[i].instance[k]);
        }
    return 0;
}
