/* watcher_notify.c - where the way to a file leads, and inotify on the directories along it. */
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "api/watcher.h"

enum { LINKS_MAX = 16, READS_MAX = 64 };

/* Not IN_MODIFY: other files of the directory may be written to all the time. */
#define NEWS                                                                                                           \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* The way that was gone, and the one that is left, with NULs at their ends. */
typedef struct way {
    char gone[PATH_MAX]; /* "" is the working directory */
    char left[PATH_MAX];
    char link[PATH_MAX];
    int fresh[CL_NOTIFY_DIRECTORIES];
    size_t count;
    int links;
} way;

static void forget(cl_notify *notify)
{
    *notify = CL_NOTIFY_INIT;
    notify->process = cl_fork_generation();
}

static void open_inotify(cl_notify *notify)
{
    notify->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    notify->refused = notify->inotify < 0;
}

/* A second after a second, so that a program which waits for the descriptor looks now and then. */
static int open_timer(void)
{
    struct itimerspec every = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    if (fd >= 0 && timerfd_settime(fd, 0, &every, NULL) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Puts what there is into the set. */
static bool fill_set(cl_notify *notify)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (notify->inotify < 0 && notify->timer < 0)
        notify->timer = open_timer();
    return epoll_ctl(notify->set, EPOLL_CTL_ADD, notify->inotify >= 0 ? notify->inotify : notify->timer, &event) == 0;
}

/* From now on only looking tells. The descriptor that is polled goes on: it becomes a timer. */
static void give_up(cl_notify *notify)
{
    /* First: a child may have it, too, and then closing it here would not take it out. */
    if (notify->set >= 0)
        epoll_ctl(notify->set, EPOLL_CTL_DEL, notify->inotify, NULL);
    close(notify->inotify);
    notify->inotify = -1;
    notify->count = 0;
    notify->refused = true;
    if (notify->set >= 0)
        (void)fill_set(notify);
}

/* False: the kernel has no more room for watches. A directory that may not be read is left out. */
static bool watch(cl_notify *notify, way *w)
{
    const char *directory = w->gone[0] ? w->gone : ".";
    int wd;

    if (w->count == CL_NOTIFY_DIRECTORIES)
        return true;
    wd = inotify_add_watch(notify->inotify, directory, NEWS | IN_ONLYDIR);
    if (wd < 0)
        return errno != ENOSPC && errno != ENOMEM;
    for (size_t i = 0; i < w->count; i++) {
        if (w->fresh[i] == wd)
            return true;
    }
    w->fresh[w->count++] = wd;
    return true;
}

/* Takes the next name off the way that is left. False: there is none. */
static bool next_name(way *w, char name[NAME_MAX + 1])
{
    size_t skip = strspn(w->left, "/");
    size_t len = strcspn(w->left + skip, "/");

    if (len == 0 || len > NAME_MAX)
        return false;
    memcpy(name, w->left + skip, len);
    name[len] = '\0';
    memmove(w->left, w->left + skip + len, strlen(w->left + skip + len) + 1);
    return true;
}

/* Puts what a link says in front of the way that is left. */
static bool follow(way *w, const char *link)
{
    size_t len = strlen(link);
    size_t left = strlen(w->left);

    if (++w->links > LINKS_MAX || len + 1 + left + 1 > sizeof w->left)
        return false;
    memmove(w->left + len + 1, w->left, left + 1);
    memcpy(w->left, link, len);
    w->left[len] = '/';
    if (link[0] == '/')
        memcpy(w->gone, "/", 2);
    return true;
}

/* One name on: where it is a link, or the last one, the directory that has it is watched. 0: this is the end. */
static int step(cl_notify *notify, way *w, bool *room)
{
    char name[NAME_MAX + 1];
    struct stat status;
    size_t at = strlen(w->gone);
    bool slash = at > 0 && w->gone[at - 1] != '/';
    ssize_t len;
    bool there;

    if (!next_name(w, name) || at + 1 + strlen(name) + 1 > sizeof w->gone)
        return 0;
    memcpy(w->gone + at, "/", slash ? 1 : 0);
    memcpy(w->gone + at + (slash ? 1 : 0), name, strlen(name) + 1);
    there = lstat(w->gone, &status) == 0;
    len = there && S_ISLNK(status.st_mode) ? readlink(w->gone, w->link, sizeof w->link - 1) : -1;
    if (there && len < 0 && w->left[strspn(w->left, "/")] != '\0')
        return 1;
    w->gone[at] = '\0';
    *room = watch(notify, w);
    if (!*room || len < 0)
        return 0;
    w->link[len] = '\0';
    return follow(w, w->link);
}

static void drop_old(cl_notify *notify, const way *w)
{
    for (size_t i = 0; i < notify->count; i++) {
        bool still = false;
        for (size_t j = 0; j < w->count; j++)
            still = still || w->fresh[j] == notify->watched[i];
        if (!still)
            inotify_rm_watch(notify->inotify, notify->watched[i]);
    }
    memcpy(notify->watched, w->fresh, w->count * sizeof w->fresh[0]);
    notify->count = w->count;
}

void cl_notify_aim(cl_notify *notify, const char *path)
{
    CL_UNINITIALIZED way w;
    bool room = true;

    if (notify->process != cl_fork_generation())
        forget(notify);
    if (notify->inotify < 0 && !notify->refused)
        open_inotify(notify);
    if (notify->inotify < 0 || strlen(path) >= sizeof w.left)
        return;
    memcpy(w.left, path, strlen(path) + 1);
    memcpy(w.gone, path[0] == '/' ? "/" : "", path[0] == '/' ? 2 : 1);
    w.count = 0;
    w.links = 0;
    while (step(notify, &w, &room))
        ;
    if (room)
        drop_old(notify, &w);
    else
        give_up(notify);
}

bool cl_notify_is_open(const cl_notify *notify)
{
    return notify->process == cl_fork_generation() && (notify->inotify >= 0 || notify->refused);
}

bool cl_notify_drain(cl_notify *notify)
{
    char events[4096];
    bool news = false;
    int fd = notify->inotify >= 0 ? notify->inotify : notify->timer;

    if (notify->process != cl_fork_generation() || fd < 0)
        return false;
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = read(fd, events, sizeof events);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        news = true;
    }
    return news;
}

int cl_notify_fd(cl_notify *notify)
{
    if (notify->set >= 0)
        return notify->set;
    notify->set = epoll_create1(EPOLL_CLOEXEC);
    if (notify->set >= 0 && !fill_set(notify)) {
        close(notify->set);
        notify->set = -1;
    }
    return notify->set;
}

void cl_notify_close(cl_notify *notify)
{
    if (notify->process == cl_fork_generation()) {
        if (notify->inotify >= 0)
            close(notify->inotify);
        if (notify->timer >= 0)
            close(notify->timer);
        if (notify->set >= 0)
            close(notify->set);
    }
    forget(notify);
}
