/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of `pintle init` share. It looks at every server (init_live.c), gets a backup key
 * for each (init_backup.c), composes the document (init_document.c) and only then writes: all files
 * or none.
 */
#ifndef PINTLE_CLI_INIT_H
#define PINTLE_CLI_INIT_H

#include <pintle/x509.h>

#include "survey.h"

struct init_options {
    struct net_options net;
    const char *app;
    const char *at;
    const char *backup;
    const char *mode;
    const char *out;
    const char *key_type;
    long days;
    long expires_days;
    bool force;
    bool json;
    bool no_backup;
    bool pin_ca;
    bool trust_key;
};

/* Different keys one server shows at most; more are an error. */
#define INIT_PINS_MAX 16

/* As long as a rule's id, its subject or its key type may be. */
#define INIT_LABEL_SIZE 128

#define INIT_PATH_SIZE 4096

struct init_pin {
    struct pintle_pin pin;
    const char *at;
    char label[INIT_LABEL_SIZE];
    bool backup;
};

/*
 * One server and what becomes of it.
 *
 * id                      of its rule: the host, and the port unless it is 443
 * pins                    live ones first
 * new_key                 made for it, with the files it goes to
 */
struct init_rule {
    struct target target;
    char id[PINTLE_RULE_ID_SIZE];
    struct init_pin pins[INIT_PINS_MAX];
    size_t pin_count;
    struct pintle_new_key new_key;
    char key_path[INIT_PATH_SIZE];
    char request_path[INIT_PATH_SIZE];
};

/* version and now are those of the new document. */
struct init {
    const struct init_options *options;
    struct init_rule *rules;
    size_t count;
    int64_t now;
    int64_t version;
    char *document;
    size_t document_len;
};

/* Every function tells its failures itself. */

/* Look at the server and note its live pins. */
enum cli_exit init_look(struct init *init, struct init_rule *rule);

/* Note a pin; one that is there already is left out. False when there are too many. */
bool init_add_pin(struct init_rule *rule, const struct init_pin *pin);

/* Read --backup: *out is its pin. */
enum cli_exit init_read_backup(const char *text, struct pintle_pin *out);

/* Give the rule its backup pin: `given`, or that of a new key if it is NULL. */
enum cli_exit init_add_backup(struct init *init, struct init_rule *rule,
                              const struct pintle_pin *given);

/* Compose, validate and lay out the document. */
enum cli_exit init_compose(struct init *init);

/* Write the keys, requests and the document: all or nothing. */
enum cli_exit init_write(const struct init *init);

/* Say what was made, and what to do next. */
enum cli_exit init_print(const struct init *init);

#endif
