/* SPDX-License-Identifier: Apache-2.0 */
#include "dial.h"

#include <string.h>
#include <unistd.h>

#include "idn.h"

/* --- options --------------------------------------------------------------------------------- */

/*
 * Split "ADDR:PORT", "[v6]:PORT" or ADDR alone. Unlike a target's, the address may have a zone and
 * need not be an identity. The host is cut out of `buf`.
 */
static bool split_connect(char *buf, const char **host, uint16_t *port)
{
    char *end = buf[0] == '[' ? strchr(buf, ']') : strrchr(buf, ':');
    unsigned long value = 0;

    *host = buf[0] == '[' ? buf + 1 : buf;
    if (buf[0] == '[' && end != NULL)
        *end++ = '\0';
    if (buf[0] == '[' && (end == NULL || (*end != ':' && *end != '\0')))
        return false;
    if (buf[0] != '[' && end != NULL && strchr(buf, ':') != end)
        end = NULL; /* an IPv6 address without brackets and port */
    if (**host == '\0' || end == buf)
        return false;
    if (end == NULL || *end == '\0')
        return true;
    *end++ = '\0';
    if (*end == '\0' || strspn(end, "0123456789") != strlen(end) || strlen(end) > 5)
        return false;
    for (; *end != '\0'; end++)
        value = value * 10 + (unsigned long)(*end - '0');
    *port = (uint16_t)value;
    return value > 0 && value <= 65535;
}

static bool check_connect(const char *command, const char *text)
{
    char buf[512];
    const char *host;
    uint16_t port = 0;

    if (strlen(text) < sizeof(buf)) {
        memcpy(buf, text, strlen(text) + 1);
        if (split_connect(buf, &host, &port))
            return true;
    }
    opt_mistake(command, "option --connect: not ADDR:PORT: '%s'", cli_safe(text));
    return false;
}

static bool check_servername(const char *command, const char *text)
{
    struct pintle_host host;
    struct pintle_error err = {0};

    if (idn_host_parse(&host, text, strlen(text), &err) == PINTLE_OK && !host.is_ip)
        return true;
    opt_mistake(command, "option --servername: %s: %s", cli_safe(text),
                err.text[0] != '\0' ? err.text : "an address, not a name");
    return false;
}

bool net_options_check(const char *command, const struct net_options *options)
{
    if ((options->cert == NULL) != (options->key == NULL)) {
        opt_mistake(command, "options --cert and --key go together");
        return false;
    }
    if (options->connect != NULL && !check_connect(command, options->connect))
        return false;
    return options->servername == NULL || check_servername(command, options->servername);
}

uint16_t net_options_port(const struct net_options *options)
{
    return os_starttls_get_port(os_starttls_find(options->starttls));
}

struct os_deadline net_options_deadline(const struct net_options *options)
{
    return os_deadline_in((int64_t)options->timeout * 1000, &cli_interrupted);
}

/* --- connecting ------------------------------------------------------------------------------ */

enum pintle_status dial_find(struct os_addrs *out, const struct target *target,
                             const struct net_options *options, const struct os_deadline *deadline,
                             struct pintle_error *err)
{
    const char *host = target->host.text;
    uint16_t port = target->port;
    char buf[512];

    if (options->connect != NULL) {
        (void)snprintf(buf, sizeof(buf), "%s", options->connect);
        if (!split_connect(buf, &host, &port)) {
            *err = (struct pintle_error){.status = PINTLE_E_ARGUMENT};
            return PINTLE_E_ARGUMENT;
        }
    }
    return os_resolve(out, host, port, deadline, err);
}

static enum pintle_status wait_for(void *ctx, int fd, enum pintle_wait what,
                                   struct pintle_error *err)
{
    struct dial *dial = ctx;

    dial->wanted = what;
    if (!dial->no_wait)
        return os_wait(&dial->deadline, fd, what, err);
    *err = (struct pintle_error){.status = PINTLE_E_TIMEOUT};
    return PINTLE_E_TIMEOUT;
}

static enum pintle_status shake_hands(struct dial *dial, const struct target *target,
                                      const struct net_options *options, const struct dial_how *how,
                                      struct pintle_error *err)
{
    struct pintle_host name;
    struct pintle_client_options client = {.engine = how->engine,
                                           .ca_file = options->ca,
                                           .cert_file = options->cert,
                                           .key_file = options->key,
                                           .keys = how->keys,
                                           .wait = wait_for,
                                           .wait_ctx = dial};

    if (options->servername != NULL) {
        enum pintle_status status =
            idn_host_parse(&name, options->servername, strlen(options->servername), err);

        if (status != PINTLE_OK)
            return status;
        client.server_name = name.text;
    }
    return pintle_client_new(&dial->client, dial->fd, target->host.text, target->port, &client,
                             err);
}

enum pintle_status dial_open(struct dial *out, const struct target *target,
                             const struct os_addrs *addrs, const struct net_options *options,
                             const struct dial_how *how, const struct os_deadline *deadline,
                             struct pintle_error *err)
{
    enum os_starttls_protocol protocol = os_starttls_find(options->starttls);
    enum pintle_status status;
    size_t used = 0;

    *out = (struct dial){.fd = -1, .deadline = *deadline};
    status = os_connect(&out->fd, &used, addrs, deadline, err);
    if (status != PINTLE_OK)
        return status;
    (void)snprintf(out->address, sizeof(out->address), "%s", addrs->items[used].text);
    if (protocol != OS_STARTTLS_NONE)
        status = os_starttls(out->fd, protocol, target->host.text, &out->deadline, err);
    if (status == PINTLE_OK)
        status = shake_hands(out, target, options, how, err);
    return status;
}

void dial_close(struct dial *dial)
{
    pintle_client_free(dial->client);
    if (dial->fd >= 0)
        (void)close(dial->fd);
    *dial = (struct dial){.fd = -1};
}
