#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int name_server = -1;

static bool failed(const char *what)
{
    printf("FAILED network: %s: %s\n", what, strerror(errno));
    return false;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_CREAT, 0600);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return written;
}

/* An ordinary user is root in a user namespace of his own. */
static bool unshare_all(void)
{
    unsigned uid = geteuid();
    unsigned gid = getegid();
    char map[64];

    if (uid == 0)
        return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 ||
               failed("no network and mount namespace, which root may make unless a container forbids it "
                      "(CAP_SYS_ADMIN)");
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0)
        return failed("no user namespace; run as root, or allow it (kernel.unprivileged_userns_clone, "
                      "kernel.apparmor_restrict_unprivileged_userns)");
    snprintf(map, sizeof map, "0 %u 1", uid);
    if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", map))
        return failed("the user namespace has no users");
    snprintf(map, sizeof map, "0 %u 1", gid);
    return write_file("/proc/self/gid_map", map) || failed("the user namespace has no groups");
}

/* What comes in over loopback and is for nobody here would have to be forwarded; it is dropped without a word. */
static bool make_network(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq loopback = {.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK};
    struct sockaddr_in net = {.sin_family = AF_INET};
    struct sockaddr_in mask = {.sin_family = AF_INET};
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = loopback.ifr_name};
    char forwards = '1';
    int file;
    bool made;

    memcpy(loopback.ifr_name, "lo", 3);
    inet_pton(AF_INET, BLACK_HOLE, &net.sin_addr);
    mask.sin_addr.s_addr = htonl(0xffffff00);
    net.sin_addr.s_addr &= mask.sin_addr.s_addr;
    memcpy(&route.rt_dst, &net, sizeof net);
    memcpy(&route.rt_genmask, &mask, sizeof mask);
    made = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0 && ioctl(fd, SIOCADDRT, &route) == 0;
    if (fd >= 0)
        close(fd);
    if (!made)
        return failed("no loopback, or no route into the black hole");
    (void)write_file("/proc/sys/net/ipv4/ip_forward", "0");
    file = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
    made = file >= 0 && read(file, &forwards, 1) == 1 && forwards == '0';
    if (file >= 0)
        close(file);
    return made || failed("the new network forwards packets, and cannot be told not to");
}

static bool cover(const char *path, const char *text)
{
    char name[] = "/tmp/claude-deadlines-XXXXXX";
    int fd = mkstemp(name);
    bool covered = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0644) == 0 &&
                   mount(name, path, NULL, MS_BIND, NULL) == 0;

    if (fd >= 0) {
        close(fd);
        unlink(name);
    }
    return covered || failed(path);
}

/* Names are asked for over UDP at 127.0.0.1, and nowhere else: a caching daemon's socket is no matter of the network.
 */
static bool make_name_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name_server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (name_server < 0 || bind(name_server, (struct sockaddr *)&address, sizeof address) != 0)
        return failed("no name server on 127.0.0.1");
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return failed("mounts cannot be made private");
    if (access("/run/nscd", F_OK) == 0 && mount("none", "/run/nscd", "tmpfs", 0, NULL) != 0)
        return failed("/run/nscd");
    return cover("/etc/resolv.conf", "nameserver 127.0.0.1\n") && cover("/etc/nsswitch.conf", "hosts: files dns\n");
}

bool enter_namespace(void)
{
    return unshare_all() && make_network() && make_name_server();
}

bool was_asked_for(const char *label)
{
    bool asked = false;
    char bytes[512];
    ssize_t n;

    while ((n = recv(name_server, bytes, sizeof bytes, 0)) > 0)
        asked = asked || memmem(bytes, (size_t)n, label, strlen(label)) != NULL;
    return asked;
}
