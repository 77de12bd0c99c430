/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal digits. */
#ifndef PINTLE_SRC_BASE_HEX_H
#define PINTLE_SRC_BASE_HEX_H

/* 0 to 15, or -1 if c is no hex digit. */
int pintle__hex_digit(char c);

#endif
