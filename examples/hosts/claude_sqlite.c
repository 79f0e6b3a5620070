/*
 * claude_sqlite.c - an extension of SQLite: answers as values and as rows.
 *
 *     cc -shared -fPIC claude_sqlite.c $(pkg-config --cflags --libs libclaude) -o claude_sqlite.so
 *     ANTHROPIC_API_KEY=... sqlite3
 *     sqlite> .load ./claude_sqlite
 *     sqlite> SELECT claude_client_from_env();
 *     sqlite> SELECT claude('Name three rivers.');
 *     sqlite> SELECT claude('Name three rivers.', '{"max_tokens": 50, "system": "You answer in French."}');
 *     sqlite> SELECT text FROM claude_stream('Name three rivers.');
 *
 * claude_client_from_env()          reads the key from the environment, for this connection; nothing else here does
 * claude(prompt [, options])        the text of the answer; NULL for NULL
 * claude_stream(prompt [, options]) a table with a row for each piece of the answer, as soon as it comes
 *
 * The options are members of the request's body, as JSON. A key never travels through SQL, where it would be logged and
 * remembered; nor does the address of the server, by which a statement could send the key elsewhere.
 */
#include <string.h>

#include <claude/claude.h>
#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT1

/* Only what somebody types may ask, not a view or trigger of a database file that somebody else has made. */
#define FLAGS (SQLITE_UTF8 | SQLITE_DIRECTONLY)

enum { LOOK_MS = 50 /* at most, until an interrupt is noticed */ };
enum { TEXT, PROMPT, OPTIONS /* the columns of claude_stream */ };

int sqlite3_claudesqlite_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

/* Of one connection to a database, released with the last of its functions. */
struct connection {
    int users;
    claude_client_t *client; /* NULL until claude_client_from_env() */
};

static struct connection *hold(struct connection *connection)
{
    connection->users++;
    return connection;
}

static void let_go(void *user_data)
{
    struct connection *connection = user_data;
    if (--connection->users > 0)
        return;
    claude_client_unref(connection->client);
    sqlite3_free(connection);
}

/* The library's error becomes one of SQLite. */
static int fail(claude_error_t *err, char **message)
{
    int rc = claude_error_code(err) == CLAUDE_E_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
    *message = sqlite3_mprintf("%s", claude_error_message(err));
    claude_error_unref(err);
    return rc;
}

/* sqlite3_is_interrupted() came with 3.41; before it, a statement tells. */
static int interrupted(sqlite3 *db, char **message)
{
    if (sqlite3_exec(db, "SELECT 1", NULL, NULL, NULL) != SQLITE_INTERRUPT)
        return SQLITE_OK;
    *message = sqlite3_mprintf("interrupted");
    return SQLITE_INTERRUPT;
}

/* A request whose body has the options, and defaults for what they leave out. Any failure of the setters is told by
 * claude_client_start(). */
static int make_request(sqlite3 *db, sqlite3_value *options, claude_request_t *request, char **message)
{
    static const char body[] = "SELECT json_patch('{\"model\": \"claude-haiku-5-5\", \"max_tokens\": 1024}', ?1)";
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, body, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = options == NULL ? sqlite3_bind_text(statement, 1, "{}", -1, SQLITE_STATIC)
                             : sqlite3_bind_value(statement, 1, options);
    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        claude_request_set_json(request, (const char *)sqlite3_column_text(statement, 0),
                                (size_t)sqlite3_column_bytes(statement, 0), NULL);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK)
        *message = sqlite3_mprintf("options: %s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    return rc;
}

/* Starts a call for the arguments (prompt [, options]). */
static int start(sqlite3 *db, const struct connection *connection, int argc, sqlite3_value **argv, claude_call_t **call,
                 char **message)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    sqlite3_value *options = argc > 1 && sqlite3_value_type(argv[1]) != SQLITE_NULL ? argv[1] : NULL;
    int rc;

    if (connection->client == NULL) {
        *message = sqlite3_mprintf("no client yet: SELECT claude_client_from_env() makes one for this connection");
        return SQLITE_ERROR;
    }
    if (claude_request_new("messages.create", &request, &err) < 0)
        return fail(err, message);
    rc = make_request(db, options, request, message);
    if (rc == SQLITE_OK) {
        const char *prompt = (const char *)sqlite3_value_text(argv[0]);
        claude_request_add_user_text(request, prompt, (size_t)sqlite3_value_bytes(argv[0]), NULL);
        if (claude_client_start(connection->client, request, CLAUDE_STREAM, call, &err) < 0)
            rc = fail(err, message);
    }
    claude_request_unref(request);
    return rc;
}

/* ---- the functions ---- */

static void tell(sqlite3_context *context, int rc, char *message)
{
    if (message != NULL)
        sqlite3_result_error(context, message, -1);
    sqlite3_result_error_code(context, rc);
    sqlite3_free(message);
}

static void client_from_env(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct connection *connection = sqlite3_user_data(context);
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    char *message = NULL;

    (void)argc, (void)argv;
    if (claude_client_from_env(NULL, &client, &err) < 0) {
        int rc = fail(err, &message);
        tell(context, rc, message);
        return;
    }
    claude_client_unref(connection->client);
    connection->client = client;
    sqlite3_result_text(context, claude_version_string(), -1, SQLITE_STATIC);
}

static void claude(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3 *db = sqlite3_context_db_handle(context);
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    char *message = NULL;
    claude_code_t code = 0;
    int rc;

    if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
        return;
    rc = start(db, sqlite3_user_data(context), argc, argv, &call, &message);
    while (rc == SQLITE_OK && (code = claude_call_wait(call, LOOK_MS, &err)) == 0)
        rc = interrupted(db, &message);
    if (rc == SQLITE_OK && (code < 0 || claude_call_result(call, &response, &err) < 0))
        rc = fail(err, &message);
    if (rc == SQLITE_OK) {
        size_t len = 0;
        const char *text = claude_response_text(response, &len);
        sqlite3_result_text64(context, text, len, SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
        tell(context, rc, message);
    }
    claude_response_unref(response);
    claude_call_unref(call); /* cancels it, if it was interrupted */
}

/* ---- the table ---- */

struct table {
    sqlite3_vtab base;
    sqlite3 *db;
    const struct connection *connection;
};

struct cursor {
    sqlite3_vtab_cursor base;
    claude_call_t *call;
    const claude_event_t *event; /* this row's; NULL after the last */
    sqlite3_int64 row;
};

static int table_connect(sqlite3 *db, void *user_data, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    struct table *table = sqlite3_malloc(sizeof *table);

    (void)argc, (void)argv, (void)message;
    if (table == NULL)
        return SQLITE_NOMEM;
    *table = (struct table){.db = db, .connection = user_data};
    *out = &table->base;
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    return sqlite3_declare_vtab(db, "CREATE TABLE claude_stream(text TEXT, prompt HIDDEN, options HIDDEN)");
}

static int table_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* The arguments are constraints on the hidden columns; SQLite hands them to rows_begin() in the order told here. */
static int table_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    int places[] = {[PROMPT] = -1, [OPTIONS] = -1};

    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn < PROMPT || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT; /* it needs a table that comes later: plan again */
        places[info->aConstraint[i].iColumn] = i;
    }
    if (places[PROMPT] < 0) {
        table->zErrMsg = sqlite3_mprintf("claude_stream() needs a prompt");
        return SQLITE_ERROR;
    }
    for (int column = PROMPT, next = 1; column <= OPTIONS; column++) {
        if (places[column] >= 0)
            info->aConstraintUsage[places[column]] = (struct sqlite3_index_constraint_usage){next++, 1};
    }
    info->estimatedCost = 1e9;
    return SQLITE_OK;
}

static int rows_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);

    (void)table;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){0};
    *out = &cursor->base;
    return SQLITE_OK;
}

static int rows_close(sqlite3_vtab_cursor *base)
{
    claude_call_unref(((struct cursor *)base)->call); /* cancels it, if there was a LIMIT */
    sqlite3_free(base);
    return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    claude_error_t *err = NULL;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK) {
        claude_code_t code = claude_call_next(cursor->call, LOOK_MS, &cursor->event, &err);
        if (code < 0)
            return fail(err, &table->base.zErrMsg);
        if (code == CLAUDE_DONE) {
            cursor->event = NULL;
            return SQLITE_OK;
        }
        if (code == 1 && claude_event_type(cursor->event) == CLAUDE_EVENT_TEXT_DELTA) {
            cursor->row++;
            return SQLITE_OK;
        }
        rc = interrupted(table->db, &table->base.zErrMsg);
    }
    return rc;
}

static int rows_begin(sqlite3_vtab_cursor *base, int plan, const char *name, int argc, sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    int rc;

    (void)plan, (void)name;
    claude_call_unref(cursor->call);
    cursor->call = NULL;
    cursor->event = NULL;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
        return SQLITE_OK;
    rc = start(table->db, table->connection, argc, argv, &cursor->call, &table->base.zErrMsg);
    return rc == SQLITE_OK ? rows_next(base) : rc;
}

static int rows_ended(sqlite3_vtab_cursor *base)
{
    return ((struct cursor *)base)->event == NULL;
}

static int rows_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    size_t len = 0;
    const char *text = claude_event_text(((struct cursor *)base)->event, &len);

    if (column == TEXT)
        sqlite3_result_text64(context, text, len, SQLITE_TRANSIENT, SQLITE_UTF8);
    return SQLITE_OK;
}

static int rows_id(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
    *id = ((struct cursor *)base)->row;
    return SQLITE_OK;
}

/* Without xCreate it is there as a table-valued function only. */
static const sqlite3_module STREAM = {
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = rows_open,
    .xClose = rows_close,
    .xFilter = rows_begin,
    .xNext = rows_next,
    .xEof = rows_ended,
    .xColumn = rows_column,
    .xRowid = rows_id,
};

/* Called by SQLite, which makes its name from that of the file. */
int sqlite3_claudesqlite_init(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
    static const struct {
        const char *name;
        int arguments;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"claude_client_from_env", 0, client_from_env}, {"claude", 1, claude}, {"claude", 2, claude}};
    struct connection *connection;
    int rc = SQLITE_OK;

    (void)message;
    SQLITE_EXTENSION_INIT2(api);
    connection = sqlite3_malloc(sizeof *connection);
    if (connection == NULL)
        return SQLITE_NOMEM;
    *connection = (struct connection){.users = 1};
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
        rc = sqlite3_create_function_v2(db, functions[i].name, functions[i].arguments, FLAGS, hold(connection),
                                        functions[i].function, NULL, NULL, let_go);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_module_v2(db, "claude_stream", &STREAM, hold(connection), let_go);
    let_go(connection);
    return rc;
}
