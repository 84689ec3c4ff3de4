/* "user[:group]" of the container's own passwd and group files, as Docker reads it. */
#include "internal.h"

struct lines { int file; char buffer[4096]; size_t start, end; };

static bool lines_open(struct lines *lines, const char *path) {
    lines->file = open(path, O_RDONLY | O_CLOEXEC);
    lines->start = lines->end = 0;
    return lines->file >= 0;
}

/* The next line without its newline, or NULL. Lines longer than the buffer are cut in two. */
static char *lines_next(struct lines *lines) {
    while (true) {
        char *newline = memchr(lines->buffer + lines->start, '\n', lines->end - lines->start);
        if (newline) {
            char *line = lines->buffer + lines->start;
            *newline = 0;
            lines->start = (size_t)(newline - lines->buffer) + 1;
            return line;
        }
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
        ssize_t count = read(lines->file, lines->buffer + lines->end, sizeof lines->buffer - 1 - lines->end);
        if (count > 0) {
            lines->end += (size_t)count;
            continue;
        }
        if (lines->end == 0) return NULL;
        lines->buffer[lines->end] = 0;
        lines->start = lines->end = 0;
        return lines->buffer;
    }
}

/* Splits "a:b:c" in place; missing fields are "". */
static void fields(char *line, char **out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[i] = line ? strsep(&line, ":") : "";
        if (!out[i]) out[i] = "";
    }
}

static bool number(const char *text, unsigned *value) {
    char *end;
    errno = 0;
    unsigned long parsed = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || parsed > 0x7fffffff) return false;
    *value = (unsigned)parsed;
    return true;
}

static bool find_user(const char *wanted, struct gantry_identity *identity, char name[256]) {
    struct lines lines;
    unsigned id = 0;
    bool numeric = number(wanted, &id), found = false;
    if (!lines_open(&lines, "/etc/passwd")) return false;
    for (char *line; !found && (line = lines_next(&lines));) {
        char *part[6];
        unsigned uid, gid;
        fields(line, part, 6);
        if (!number(part[2], &uid) || !number(part[3], &gid)) continue;
        if (strcmp(part[0], wanted) != 0 && !(numeric && uid == id)) continue;
        identity->uid = uid;
        identity->gid = gid;
        snprintf(identity->home, sizeof identity->home, "%s", part[5]);
        snprintf(name, 256, "%s", part[0]);
        found = true;
    }
    close(lines.file);
    return found;
}

static bool find_group(const char *wanted, gid_t *gid) {
    struct lines lines;
    bool found = false;
    if (!lines_open(&lines, "/etc/group")) return false;
    for (char *line; !found && (line = lines_next(&lines));) {
        char *part[3];
        unsigned id;
        fields(line, part, 3);
        if (strcmp(part[0], wanted) != 0 || !number(part[2], &id)) continue;
        *gid = id;
        found = true;
    }
    close(lines.file);
    return found;
}

static void add_group(struct gantry_identity *identity, gid_t gid) {
    for (size_t i = 0; i < identity->group_count; i++)
        if (identity->groups[i] == gid) return;
    if (identity->group_count < sizeof identity->groups / sizeof identity->groups[0])
        identity->groups[identity->group_count++] = gid;
}

/* Groups whose member list has the user. */
static void add_memberships(struct gantry_identity *identity, const char *user) {
    struct lines lines;
    if (!user[0] || !lines_open(&lines, "/etc/group")) return;
    for (char *line; (line = lines_next(&lines));) {
        char *part[4];
        unsigned id;
        fields(line, part, 4);
        if (!number(part[2], &id)) continue;
        char *rest = part[3];
        for (char *member; rest && (member = strsep(&rest, ","));)
            if (strcmp(member, user) == 0) add_group(identity, id);
    }
    close(lines.file);
}

void gantry_identify(int channel, const struct gantry_process *process, struct gantry_identity *identity) {
    char text[512], name[256] = "";
    unsigned id;
    memset(identity, 0, sizeof *identity);
    snprintf(identity->home, sizeof identity->home, "/");
    snprintf(text, sizeof text, "%s", process->user);
    char *group = strchr(text, ':');
    if (group) *group++ = 0;
    const char *user = text[0] ? text : "0";
    if (!find_user(user, identity, name)) {
        if (!number(user, &id))
            gantry_fail(channel, GANTRY_STAGE_USER, 0, "unable to find user %s: no matching entries in passwd file", user);
        identity->uid = id;
    }
    if (group && group[0]) {
        if (number(group, &id)) identity->gid = id;
        else if (!find_group(group, &identity->gid))
            gantry_fail(channel, GANTRY_STAGE_USER, 0, "unable to find group %s: no matching entries in group file", group);
    } else {
        add_memberships(identity, name);
    }
    add_group(identity, identity->gid);
    for (const char *const *extra = process->groups; *extra; extra++) {
        gid_t gid;
        if (number(*extra, &id)) gid = id;
        else if (!find_group(*extra, &gid))
            gantry_fail(channel, GANTRY_STAGE_USER, 0, "unable to find group %s: no matching entries in group file", *extra);
        add_group(identity, gid);
    }
}
