/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 at any moment: two programs keep newer and newer versions in one database, and learn hosts
 * in it, until they are killed. Then it must open, unharmed; everything that was acknowledged must be
 * there; and nothing may be older than before.
 *
 *   state_kill [KILLS]     100 unless said otherwise
 */
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit/fake_pins.h"
#include "kit/signer.h"
#include "kit/test_crypto.h"
#include "os/state.h"

#define WRITERS 2

/* The longest that a writer lives, in microseconds. */
#define LIFE_US 12000

static void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void give_up(const char *format, ...)
{
    va_list args;

    printf("not ok 1 - ");
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    printf("\n");
    exit(EXIT_FAILURE);
}

/* --- a client -------------------------------------------------------------------------------------- */

static struct pintle_trusted *new_client(void)
{
    const struct pintle_trusted_options options = {
        .crypto = test_crypto(), .loader = fake_pins_loader(), .app = TEST_APP};
    const struct test_root root = {.roles = {{"a", 0}, {"b", 0}}};
    char *payload = test_root_payload(&root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "a");
    struct pintle_trusted *trusted;

    if (pintle_trusted_new(&trusted, test_view(envelope), &options, NULL) != PINTLE_OK)
        give_up("no client");
    free(envelope);
    free(payload);
    return trusted;
}

static void believe(struct pintle_trusted *trusted, int64_t version)
{
    const struct test_doc doc = {.version = version};
    char *payload = test_pins_payload(&doc);
    char *envelope = test_sign(PINTLE_ROLE_PINS, payload, "b");

    if (pintle_trusted_apply(trusted, PINTLE_ROLE_PINS, test_view(envelope), TEST_NOW, NULL) !=
        PINTLE_OK)
        give_up("version %lld is not believed", (long long)version);
    free(envelope);
    free(payload);
}

static int64_t version_of(const struct pintle_trusted *trusted)
{
    struct pintle_trusted_pins pins;

    return pintle_trusted_get_pins(trusted, &pins) ? pins.facts.version : 0;
}

static struct pintle_learned entry_of(int64_t number)
{
    struct pintle_learned entry;
    char host[48];

    memset(&entry, 0, sizeof(entry));
    (void)snprintf(host, sizeof(host), "host-%lld.example.com", (long long)number);
    (void)!pintle_host_parse(&entry.host, host, strlen(host), NULL);
    entry.port = 443;
    entry.pin_count = 1;
    entry.expires = TEST_NOW;
    return entry;
}

/* --- the writer -------------------------------------------------------------------------------------- */

/* Save the next version; true if nobody was quicker. */
static bool save_next(struct pintle__state *state, struct pintle_trusted *trusted)
{
    enum pintle_status status;

    if (pintle__state_restore(state, trusted, NULL, NULL) != PINTLE_OK)
        _exit(3);
    believe(trusted, version_of(trusted) + 1);
    status = pintle__state_save(state, trusted, NULL);
    if (status != PINTLE_OK && status != PINTLE_E_ROLLBACK)
        _exit(4);
    return status == PINTLE_OK;
}

/* Say a version only when it is kept, and its host learned. */
static void write_for_ever(const char *path, int pipe)
{
    struct pintle_trusted *trusted = new_client();
    struct pintle__state *state;
    bool recovered = false;

    if (pintle__state_open(&state, path, &recovered, NULL) != PINTLE_OK || recovered)
        _exit(2);
    for (;;) {
        const struct pintle_memory *memory = pintle__state_get_memory(state);
        struct pintle_learned entry, held;
        int64_t version;

        if (!save_next(state, trusted))
            continue;
        version = version_of(trusted);
        entry = entry_of(version % 500);
        if (memory->learn(memory->ctx, &entry, true, 0, &held) != PINTLE_RECALL_NONE)
            _exit(5);
        if (write(pipe, &version, sizeof(version)) != (ssize_t)sizeof(version))
            _exit(6);
    }
}

struct writer {
    pid_t pid;
    int pipe;
};

static struct writer start(const char *path)
{
    struct writer writer;
    int ends[2];

    if (pipe(ends) != 0)
        give_up("no pipe");
    (void)fflush(stdout);
    writer.pid = fork();
    writer.pipe = ends[0];
    if (writer.pid < 0)
        give_up("no process");
    if (writer.pid == 0) {
        (void)close(ends[0]);
        write_for_ever(path, ends[1]);
    }
    (void)close(ends[1]);
    return writer;
}

static void sleep_us(long us)
{
    const struct timespec delay = {0, us * 1000};

    (void)nanosleep(&delay, NULL);
}

/* The newest version that it acknowledged. */
static int64_t kill_writer(const struct writer *writer)
{
    int64_t version, newest = 0;
    int status;

    (void)kill(writer->pid, SIGKILL);
    if (waitpid(writer->pid, &status, 0) != writer->pid)
        give_up("the writer is not there");
    if (WIFEXITED(status))
        give_up("a writer failed: %d", WEXITSTATUS(status));
    while (read(writer->pipe, &version, sizeof(version)) == (ssize_t)sizeof(version))
        newest = version > newest ? version : newest;
    (void)close(writer->pipe);
    return newest;
}

/* --- what must hold ------------------------------------------------------------------------------------ */

/* at_least: what was there before. acknowledged: since then, or 0; its host was learned too */
static int64_t look(const char *path, int64_t at_least, int64_t acknowledged)
{
    struct pintle_trusted *trusted = new_client();
    struct pintle__state *state;
    struct pintle_error err;
    bool recovered = false;
    size_t refused = 0;
    int64_t version;

    if (pintle__state_open(&state, path, &recovered, &err) != PINTLE_OK)
        give_up("does not open: %s", err.text);
    if (recovered)
        give_up("was taken for damaged");
    if (pintle__state_restore(state, trusted, &refused, &err) != PINTLE_OK || refused > 0)
        give_up("is not taken back");
    version = version_of(trusted);
    if (version < acknowledged || version < at_least)
        give_up("version %lld is there, after %lld and %lld acknowledged", (long long)version,
                (long long)at_least, (long long)acknowledged);
    if (acknowledged > 0) {
        const struct pintle_memory *memory = pintle__state_get_memory(state);
        struct pintle_learned entry = entry_of(acknowledged % 500), out;

        if (memory->recall(memory->ctx, PINTLE_LEARNED_TOFU, &entry.host, 443, 0, &out) !=
            PINTLE_RECALL_FOUND)
            give_up("a host that was learned is not known");
    }
    if (pintle__state_save(state, trusted, &err) != PINTLE_OK)
        give_up("does not save: %s", err.text);
    pintle__state_close(state);
    pintle_trusted_free(trusted);
    return version;
}

static void run(const char *path, long kills)
{
    int64_t version = 0;

    for (long i = 0; i < kills; i++) {
        struct writer writers[WRITERS];
        int64_t acknowledged = 0;

        for (int k = 0; k < WRITERS; k++)
            writers[k] = start(path);
        for (int k = 0; k < WRITERS; k++) {
            int64_t newest;

            sleep_us(rand() % LIFE_US);
            newest = kill_writer(&writers[k]);
            acknowledged = newest > acknowledged ? newest : acknowledged;
        }
        version = look(path, version, acknowledged);
    }
    if (version < 2)
        give_up("the writers wrote nothing: %lld", (long long)version);
    printf("# %lld versions\n", (long long)version);
}

/* What a killed writer left half-way lies there too. */
static void remove_files(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char path[512];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");
    long kills = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
    char folder[256], path[300];

    (void)snprintf(folder, sizeof(folder), "%s/pintle-kill-XXXXXX", base != NULL ? base : "/tmp");
    if (kills <= 0 || mkdtemp(folder) == NULL) {
        (void)fprintf(stderr, "usage: state_kill [KILLS]\n");
        return 2;
    }
    srand((unsigned)time(NULL)); /* which moments are hit is no part of what must hold */
    (void)snprintf(path, sizeof(path), "%s/app.db", folder);
    printf("1..1\n");
    run(path, kills);
    printf("ok 1 - nothing is lost or rolled back in %ld kills of %d writers\n", kills, WRITERS);
    remove_files(folder);
    return 0;
}
