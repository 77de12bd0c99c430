/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNU Wget's pinnedpubkey, as a line of a wgetrc. Its list is curl's; the leaf's key alone is compared, for every host that
 * the run asks (wget(1) under --pinnedpubkey). A wgetrc has comments on lines of their own, and no quotes.
 */
#include "curl_list.h"
#include "format.h"

static enum pintle_status write_wget(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    (void)err;
    text_printf(out,
                "# Made by pintle export from %s.\n# For %s alone: wget does not look at the "
                "host.\npinnedpubkey = ",
                writing->title, writing->host->text);
    curl_list_write(out, &writing->clauses->items[0]);
    text_add(out, "\n");
    return PINTLE_OK;
}

const struct format format_wget = {
    .name = "wget",
    .title = "wget startup file",
    .place = "any file, for wget --config=FILE",
    .made_by = "# Made by pintle export from ",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_LEAF),
                  .per_host = true,
                  .addresses = true,
                  .served_chain = true,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_wget,
};
