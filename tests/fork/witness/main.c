#include "witness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

enum { OPEN_MAX = 512, CONNECTIONS_MAX = 65536, FIRST_CONNECTION = 3 };

static struct connection *open_ones[OPEN_MAX]; /* and those that have ended since the last look */
static int open_count;
/* What is remembered of all, by number. */
static struct {
    int requests;
    enum state state;
} history[CONNECTIONS_MAX + 1];
static int connection_count;
static SSL_CTX *tls;
static int plain_listener;
static int tls_listener;

/* ---- connections ---- */

void end(struct connection *connection, enum state state)
{
    if (connection->fd < 0)
        return;
    history[connection->number].state = state;
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    close(connection->fd);
    connection->fd = -1;
    for (size_t i = 0; i < EXCHANGES_MAX; i++)
        connection->exchanges[i].used = connection->exchanges[i].held = false;
}

/* Answers are small: waiting for the client to read them holds up nobody. */
void put(struct connection *connection, const void *bytes, size_t len)
{
    const char *next = bytes;

    while (len > 0 && connection->fd >= 0) {
        struct pollfd writable = {.fd = connection->fd, .events = POLLOUT};
        ssize_t n = connection->ssl ? SSL_write(connection->ssl, next, (int)len) : send(connection->fd, next, len, 0);
        if (n > 0) {
            next += n;
            len -= (size_t)n;
        } else if (connection->ssl ? SSL_get_error(connection->ssl, (int)n) == SSL_ERROR_WANT_WRITE : errno == EAGAIN) {
            poll(&writable, 1, -1);
        } else {
            end(connection, STATE_BROKEN);
        }
    }
}

static void accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct connection *connection = fd >= 0 ? calloc(1, sizeof *connection) : NULL;
    int at_once = 1; /* or the pieces of an answer wait for each other's receipt */

    if (!connection || open_count == OPEN_MAX || connection_count == CONNECTIONS_MAX) {
        fprintf(stderr, "witness: too many connections\n");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    connection->fd = fd;
    connection->number = ++connection_count;
    history[connection->number].state = STATE_OPEN;
    history[connection->number].requests = 0;
    if (listener == tls_listener) {
        connection->ssl = SSL_new(tls);
        SSL_set_fd(connection->ssl, fd);
        SSL_set_accept_state(connection->ssl);
    }
    open_ones[open_count++] = connection;
}

static void forget_ended(void)
{
    int kept = 0;

    for (int c = 0; c < open_count; c++) {
        if (open_ones[c]->fd >= 0)
            open_ones[kept++] = open_ones[c];
        else
            free(open_ones[c]);
    }
    open_count = kept;
}

/* What an SSL function's failure means. */
static void tls_trouble(struct connection *connection, int result)
{
    int why = SSL_get_error(connection->ssl, result);

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return;
    if (why == SSL_ERROR_ZERO_RETURN)
        end(connection, STATE_NOTIFY);
    else if (why == SSL_ERROR_SYSCALL || ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        end(connection, STATE_EOF);
    else
        end(connection, STATE_BROKEN);
}

static bool handshake(struct connection *connection)
{
    const unsigned char *protocol = NULL;
    unsigned int len = 0;
    int result;

    if (!connection->ssl || connection->shaken)
        return true;
    result = SSL_do_handshake(connection->ssl);
    if (result != 1) {
        tls_trouble(connection, result);
        return false;
    }
    connection->shaken = true;
    SSL_get0_alpn_selected(connection->ssl, &protocol, &len);
    connection->http2 = len == 2 && memcmp(protocol, "h2", 2) == 0;
    return true;
}

/* More bytes of the input; false if there are none now. */
static bool receive(struct connection *connection)
{
    char *where = connection->input + connection->input_len;
    size_t room = INPUT_MAX - 1 - connection->input_len;
    ssize_t n;

    if (room == 0) {
        end(connection, STATE_BROKEN);
        return false;
    }
    if (connection->ssl) {
        n = SSL_read(connection->ssl, where, (int)room);
        if (n <= 0)
            tls_trouble(connection, (int)n);
    } else {
        n = recv(connection->fd, where, room, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            end(connection, STATE_EOF);
    }
    if (n <= 0)
        return false;
    connection->input_len += (size_t)n;
    return true;
}

static void serve(struct connection *connection)
{
    ERR_clear_error();
    if (!handshake(connection))
        return;
    while (connection->fd >= 0 && receive(connection)) {
        if (connection->http2)
            http2_read(connection);
        else
            http1_read(connection);
        history[connection->number].requests = connection->requests;
    }
}

/* ---- commands ---- */

static void command_held(void)
{
    int held = 0;

    for (int c = 0; c < open_count; c++) {
        for (size_t i = 0; i < EXCHANGES_MAX; i++)
            held += open_ones[c]->exchanges[i].held;
    }
    printf("%d\n", held);
}

static void command_go(int number)
{
    for (int c = 0; c < open_count; c++) {
        for (size_t i = 0; i < EXCHANGES_MAX && (number == 0 || number == open_ones[c]->number); i++) {
            struct exchange *exchange = &open_ones[c]->exchanges[i];
            if (exchange->held && exchange->hold != HOLD_EVER)
                exchange_release(open_ones[c], exchange);
        }
    }
    puts("ok");
}

static void command_report(void)
{
    static const char *const states[] = {"open", "notify", "eof", "broken"};

    for (int number = 1; number <= connection_count; number++)
        printf("connection %d requests %d %s\n", number, history[number].requests, states[history[number].state]);
    puts("done");
}

static void command_reset(void)
{
    for (int c = 0; c < open_count; c++)
        end(open_ones[c], STATE_EOF);
    connection_count = 0;
    puts("ok");
}

static void command(char *line)
{
    if (strcmp(line, "held") == 0)
        command_held();
    else if (strncmp(line, "go", 2) == 0)
        command_go(atoi(line + 2));
    else if (strcmp(line, "report") == 0)
        command_report();
    else if (strcmp(line, "reset") == 0)
        command_reset();
    else
        puts("what?");
    fflush(stdout);
}

/* Each line comes in one piece: the other end waits for its answer. */
static void read_command(void)
{
    char line[64];
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);

    if (n <= 0)
        exit(0);
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    command(line);
}

/* ---- the program ---- */

static int listen_anywhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("witness: no port");
        exit(1);
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static void wait_and_work(void)
{
    static struct pollfd polled[FIRST_CONNECTION + OPEN_MAX];
    int count;

    forget_ended();
    count = open_count; /* more may come, and are looked at the next time */
    polled[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = plain_listener, .events = POLLIN};
    polled[2] = (struct pollfd){.fd = tls_listener, .events = POLLIN};
    for (int c = 0; c < count; c++)
        polled[FIRST_CONNECTION + c] = (struct pollfd){.fd = open_ones[c]->fd, .events = POLLIN};
    if (poll(polled, (nfds_t)(FIRST_CONNECTION + count), -1) < 0)
        return;
    for (int c = 0; c < count; c++) {
        if (polled[FIRST_CONNECTION + c].revents)
            serve(open_ones[c]);
    }
    for (int i = 1; i < FIRST_CONNECTION; i++) {
        if (polled[i].revents)
            accept_one(polled[i].fd);
    }
    /* Last: what came before a command has been seen when it is answered. */
    if (polled[0].revents)
        read_command();
}

int main(int argc, char **argv)
{
    uint16_t plain_port;
    uint16_t tls_port;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE-FOR-THE-CERTIFICATE\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    tls = witness_tls(argv[1]);
    plain_listener = listen_anywhere(&plain_port);
    tls_listener = listen_anywhere(&tls_port);
    printf("listening %d %d\n", plain_port, tls_port);
    fflush(stdout);
    for (;;)
        wait_and_work();
}
