/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong while a plan runs, and the answer that pintle's design has to it. Pure. */
#ifndef PINTLE_CLI_ROTATE_ATTACK_H
#define PINTLE_CLI_ROTATE_ATTACK_H

#include "rotate_sim.h"

/*
 * Times are PINTLE_NEVER for what does not happen. lose_key and steal_key exclude each other.
 *
 * freeze_at, freeze_s  sources go on showing what they showed at freeze_at, for so long
 * lose_key             the key that the servers show at that time is lost. They show a backup at
 *                      once, and a pin-set without the lost key is published; what the timeline had
 *                      planned for later is dropped
 * steal_key            it is stolen. The same after react_s, and an hour later, when every server has
 *                      changed, a pin-set that denies it
 * steal_signer         a key that signs pins is stolen: from then on sources show a hostile pin-set
 *                      that nothing of this epoch outranks. After react_s a root with a higher epoch and
 *                      what was to be published by then is there; later issues go on under it
 * threshold            signatures that a pin-set needs: one stolen key is worth nothing above 1
 */
struct rotate_attack {
    int64_t freeze_at;
    int64_t freeze_s;
    int64_t lose_key;
    int64_t steal_key;
    int64_t steal_signer;
    int64_t react_s;
    long threshold;
};

/* No attack at all. */
struct rotate_attack rotate_attack_none(void);

/*
 * Change a timeline and set what it means for sources in `play`: shows, stolen, stolen_at.
 * play->timeline is set to `timeline`. False if there is no room for what is added.
 */
bool rotate_attack_apply(struct rotate_timeline *timeline, struct rotate_play *play,
                         const struct rotate_attack *attack);

#endif
