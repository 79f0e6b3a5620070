#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

enum { CONNECTIONS_MAX = 64 };

struct pipe_pair {
    const struct relay_private *relay;
    int client;
    pthread_t thread;
};

struct relay_private {
    SSL_CTX *context;
    int listener;
    int stop_fd;
    uint16_t server_port;
    bool http2;
    pthread_t thread;
    struct pipe_pair pairs[CONNECTIONS_MAX];
    size_t count;
};

/* ---- the certificate ---- */

static void add_extension(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

    check(extension && X509_add_ext(certificate, extension, -1) == 1, "no certificate");
    X509_EXTENSION_free(extension);
}

/* Its own authority. */
static void make_certificate(struct relay *relay)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    FILE *file;
    int fd;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"127.0.0.1", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
    check(key && X509_sign(certificate, key, EVP_sha256()) > 0, "no certificate");
    check(SSL_CTX_use_certificate(relay->inside->context, certificate) == 1 &&
              SSL_CTX_use_PrivateKey(relay->inside->context, key) == 1,
          "the certificate is not accepted");
    snprintf(relay->ca_file, sizeof relay->ca_file, "/tmp/claude-deadlines-ca-XXXXXX");
    fd = mkstemp(relay->ca_file);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    check(file && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0, "no file for the certificate");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in,
                           unsigned in_len, void *user)
{
    static const unsigned char http2[] = "\x02h2";
    static const unsigned char http1[] = "\x08http/1.1";
    const struct relay_private *p = user;
    unsigned char *chosen = NULL;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, len, p->http2 ? http2 : http1,
                              (unsigned)(p->http2 ? sizeof http2 : sizeof http1) - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- a thread for each connection ---- */

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* True when the client went first, or we are to stop; false when the server is gone. */
static bool pump(const struct relay_private *p, SSL *ssl, int client, int server)
{
    char bytes[16384];

    for (;;) {
        struct pollfd fds[3] = {
            {.fd = p->stop_fd, .events = POLLIN}, {.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        if (SSL_pending(ssl) == 0)
            poll(fds, 3, -1);
        if (fds[0].revents)
            return true;
        if (SSL_pending(ssl) > 0 || fds[1].revents) {
            int n = SSL_read(ssl, bytes, sizeof bytes);
            if (n <= 0)
                return true;
            if (!write_all(server, bytes, (size_t)n))
                return false;
        }
        if (fds[2].revents) {
            ssize_t n = recv(server, bytes, sizeof bytes, MSG_DONTWAIT);
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                continue;
            if (n == 0)
                SSL_shutdown(ssl);
            if (n <= 0)
                return n == 0;
            if (SSL_write(ssl, bytes, (int)n) <= 0)
                return true;
        }
    }
}

static void *relay_one(void *user)
{
    struct pipe_pair *pair = user;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(pair->relay->server_port)};
    struct linger now = {.l_onoff = 1};
    struct timeval patience = {.tv_sec = 20};
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SSL *ssl = SSL_new(pair->relay->context);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(pair->client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL_set_fd(ssl, pair->client);
    if (SSL_accept(ssl) == 1 && connect(server, (struct sockaddr *)&address, sizeof address) == 0 &&
        !pump(pair->relay, ssl, pair->client, server))
        setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    SSL_free(ssl);
    close(server);
    close(pair->client);
    return NULL;
}

static void *relay_all(void *user)
{
    struct relay_private *p = user;

    for (;;) {
        struct pollfd fds[2] = {{.fd = p->stop_fd, .events = POLLIN}, {.fd = p->listener, .events = POLLIN}};
        struct pipe_pair *pair = &p->pairs[p->count];
        poll(fds, 2, -1);
        if (fds[0].revents)
            return NULL;
        *pair = (struct pipe_pair){.relay = p, .client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)};
        if (pair->client < 0)
            continue;
        if (p->count == CONNECTIONS_MAX - 1 || pthread_create(&pair->thread, NULL, relay_one, pair) != 0)
            close(pair->client);
        else
            p->count++;
    }
}

void relay_start(struct relay *relay, const struct server *server, bool http2)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    struct relay_private *p = calloc(1, sizeof *p);
    sigset_t all;
    sigset_t old;

    check(p != NULL, "out of memory");
    relay->inside = p;
    p->server_port = server->port;
    p->http2 = http2;
    p->context = SSL_CTX_new(TLS_server_method());
    make_certificate(relay);
    SSL_CTX_set_alpn_select_cb(p->context, choose_protocol, p);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(bind(p->listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(p->listener, 16) == 0 &&
              getsockname(p->listener, (struct sockaddr *)&address, &len) == 0,
          "no listener: %s", strerror(errno));
    relay->port = ntohs(address.sin_port);
    p->stop_fd = eventfd(0, EFD_CLOEXEC);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    check(p->stop_fd >= 0 && pthread_create(&p->thread, NULL, relay_all, p) == 0, "no relay");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void relay_stop(struct relay *relay)
{
    struct relay_private *p = relay->inside;
    uint64_t one = 1;

    check(write(p->stop_fd, &one, sizeof one) == (ssize_t)sizeof one, "the relay cannot be stopped");
    pthread_join(p->thread, NULL);
    for (size_t i = 0; i < p->count; i++)
        pthread_join(p->pairs[i].thread, NULL);
    close(p->listener);
    close(p->stop_fd);
    SSL_CTX_free(p->context);
    unlink(relay->ca_file);
    free(p);
}
