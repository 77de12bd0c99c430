/* SPDX-License-Identifier: Apache-2.0 */
#include "public_name.h"

#include <string.h>

#include <libpsl.h>

/* The list that is built into the library: constant data, nothing is read. */
bool public_name_fits(const char *name, enum reach reach)
{
    const psl_ctx_t *list = psl_builtin();
    const char *dot = strrchr(name, '.');

    if (list == NULL)
        return true;
    if (psl_is_public_suffix2(list, dot != NULL ? dot + 1 : name,
                              PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 0)
        return false;
    return reach == REACH_EXACT || psl_is_public_suffix(list, name) == 0;
}

bool public_name_is_plain(const char *name)
{
    return strchr(name, '.') != NULL && strpbrk(name, "_:") == NULL &&
           public_name_fits(name, REACH_EXACT);
}
