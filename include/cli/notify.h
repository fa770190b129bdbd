/* SPDX-License-Identifier: ISC */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

/*
 * notify -- tells a service manager how we are: one datagram to the socket
 * that $NOTIFY_SOCKET names (sd_notify(3)).  Without one, nothing.
 */

/* "READY=1", "STOPPING=1", "STATUS=..."; several are parted by newlines. */
void notify_say(const char *text);

#endif
