/* SPDX-License-Identifier: Apache-2.0 */
#include "root_text.h"

#include <string.h>

#define ROLES_TEXT_SIZE 40

const char *root_key_name(const struct pintle_root_key *key)
{
    return key->label[0] != '\0' ? key->label : key->id;
}

char *root_signers_text(char out[ROOT_SIGNERS_SIZE], const struct pintle_root *root,
                        enum pintle_role role)
{
    const struct pintle_root_role *names = &root->roles[role];

    (void)snprintf(out, ROOT_SIGNERS_SIZE, "%lu of", (unsigned long)names->threshold);
    for (uint32_t i = 0; i < names->key_count; i++) {
        size_t len = strlen(out);
        (void)snprintf(out + len, ROOT_SIGNERS_SIZE - len, "%s %s", i > 0 ? "," : "",
                       cli_safe(root_key_name(&root->keys[names->keys[i]])));
    }
    return out;
}

void root_print_roles(FILE *out, const struct pintle_root *root)
{
    char signers[ROOT_SIGNERS_SIZE];

    for (int role = 0; role < PINTLE_ROLES; role++) {
        if (root->roles[role].key_count > 0)
            (void)fprintf(out, "  %-6s %s\n", pintle_role_name((enum pintle_role)role),
                          root_signers_text(signers, root, (enum pintle_role)role));
    }
}

static bool names_key(const struct pintle_root_role *role, uint32_t key)
{
    for (uint32_t i = 0; i < role->key_count; i++) {
        if (role->keys[i] == key)
            return true;
    }
    return false;
}

/* "root and pins", "root, pins and fresh"; returns how many. */
static size_t find_roles(char out[ROLES_TEXT_SIZE], const struct pintle_root *root, uint32_t key)
{
    size_t count = 0;

    out[0] = '\0';
    for (int role = PINTLE_ROLES - 1; role >= 0; role--) {
        char rest[ROLES_TEXT_SIZE];
        if (!names_key(&root->roles[role], key))
            continue;
        memcpy(rest, out, sizeof(rest));
        (void)snprintf(out, ROLES_TEXT_SIZE, "%s%s%.31s", pintle_role_name((enum pintle_role)role),
                       count == 0   ? ""
                       : count == 1 ? " and "
                                    : ", ",
                       rest);
        count++;
    }
    return count;
}

void root_note_risks(const struct pintle_root *root)
{
    char roles[ROLES_TEXT_SIZE];

    for (uint32_t i = 0; i < root->key_count; i++) {
        if (find_roles(roles, root, i) > 1)
            cli_note("warning: key %s signs for roles %s: one theft is one for all of them",
                     cli_safe(root_key_name(&root->keys[i])), roles);
    }
    if (root->roles[PINTLE_ROLE_ROOT].threshold < 2)
        cli_note("warning: one root key alone can change everything: two of three are safer");
}
