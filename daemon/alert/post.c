/* SPDX-License-Identifier: ISC */

/* One attempt: a body, signed, on its way to its receiver. */

#include <stdio.h>

#include "alert/alert.h"
#include "config/config.h"

int
alert_post(struct http *http, const struct alert_attempt *a, http_done_fn *done,
    void *ctx)
{
	const struct config_sink *config = a->sink;
	struct buf signature = {0};
	char id[WEBHOOK_ID_SIZE];
	char id_line[80];
	char time_line[80];
	const char *headers[] = {
	    "content-type: application/json", id_line, time_line, NULL};
	int err;

	webhook_id(a->delivery, id);
	snprintf(id_line, sizeof(id_line), "webhook-id: %s", id);
	snprintf(time_line, sizeof(time_line), "webhook-timestamp: %lld",
	    (long long)a->now_s);
	buf_add_text(&signature, "webhook-signature: ");
	err = webhook_sign(config->secret, config->secret_size, id, a->now_s,
	    a->body, &signature);
	headers[3] = buf_text(&signature);
	if (err == 0)
		err = http_post(http,
		    &(struct http_post){.url = config->url,
			.headers = headers,
			.n_headers = sizeof(headers) / sizeof(headers[0]),
			.body = a->body->data,
			.size = a->body->size,
			.ca = config->ca,
			.ca_size = config->ca_size,
			.allow = config->allow,
			.n_allow = config->n_allow,
			.http = config->http,
			.timeout_ms = ALERT_TIMEOUT_MS},
		    done, ctx);
	buf_fini(&signature);
	return err;
}
