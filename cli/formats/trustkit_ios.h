/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TrustKit on iOS, macOS and the like: TSKConfiguration of the Info.plist. Keys and their meaning are those of
 * TSKTrustKitConfig.h; how they are read is parse_configuration.m and configuration_utils.m
 * (github.com/datatheorem/TrustKit):
 *
 * - an entry covers its name, and with TSKIncludeSubdomains all below it; an entry of the host's own name
 *   counts before others, and of those the longest;
 * - TrustKit raises an exception, so that the app ends at its start, for a name that has no public
 *   suffix it knows, for subdomains of a public suffix, for a digest that is not 32 bytes long, and for fewer
 *   than two pins (one, where TSKEnforcePinning is false; it is true by default);
 * - from TSKExpirationDate on (midnight, GMT) an entry is "not pinned". A date that is none is no end;
 * - pins are looked for in the path that the system validated; a bad path always refuses.
 */
#ifndef PINTLE_CLI_FORMATS_TRUSTKIT_IOS_H
#define PINTLE_CLI_FORMATS_TRUSTKIT_IOS_H

#include "format.h"

#define TSK_OUTER "TSKConfiguration"
#define TSK_INNER "TSKPinnedDomains"
#define TSK_HASHES "TSKPublicKeyHashes"
#define TSK_SUBDOMAINS "TSKIncludeSubdomains"
#define TSK_ENFORCE "TSKEnforcePinning"
#define TSK_EXPIRES "TSKExpirationDate"
#define TSK_REPORTS "TSKReportUris"
#define TSK_NO_DEFAULT_REPORT "TSKDisableDefaultReportUri"
#define TSK_ALGORITHMS "TSKPublicKeyAlgorithms"
#define TSK_ANCHORS "TSKAdditionalTrustAnchors"
#define TSK_USER_ANCHORS "TSKIgnorePinningForUserDefinedTrustAnchors"

/*
 * Takes a name out of a wider entry. The documentation calls it so; the constant of the released sources (1.4.2
 * to 1.7.0 were looked at) is spelled TSK_EXCLUDE_CODE, and that is what has to stand in an Info.plist for
 * them. An entry with either key must have no other, so that no spelling is good for all.
 */
#define TSK_EXCLUDE "TSKExcludeSubdomainFromParentPolicy"
#define TSK_EXCLUDE_CODE "kSKExcludeSubdomainFromParentPolicy"

/* An entry that ended then was never in force: what every release understands instead. */
#define TSK_NEVER_IN_FORCE "1970-01-01"

enum pintle_status trustkit_ios_read(struct reading *reading, const char *text, size_t len,
                                     struct pintle_error *err);

#endif
